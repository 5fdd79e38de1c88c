import DOMPurify from 'dompurify';
import { Marked } from 'marked';
import { useMemo } from 'react';
import { PlainText } from './PlainText';

/*
 * Markdown as people write it in an incident. What comes out is cleaned, and made to fit the page: headings go
 * below the page's own, pictures become links (nothing is fetched from another host), checkboxes are characters.
 */
const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    heading({ tokens, depth }) {
      const level = Math.min(6, depth + 2);
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>`;
    },
    image({ href, text }) {
      const link = document.createElement('a');
      link.href = href;
      link.textContent = text || href;
      return link.outerHTML;
    },
    checkbox({ checked }) {
      return checked ? '☑ ' : '☐ ';
    },
  },
});

// What Markdown makes, and the little HTML that people write in it. A list of what is allowed stays complete when
// browsers learn new tags; attributes could otherwise fetch, take keys or pose as parts of the app.
const CLEAN = {
  ALLOWED_TAGS: (
    'a b blockquote br code dd del details div dl dt em h3 h4 h5 h6 hr i ins kbd li mark ol p pre q s samp small ' +
    'span strong sub summary sup table tbody td tfoot th thead tr u ul'
  ).split(' '),
  ALLOWED_ATTR: ['href', 'title', 'align', 'start', 'open', 'colspan', 'rowspan', 'dir', 'lang'],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  // Web addresses, mail, and what has no scheme: other schemes start programs.
  ALLOWED_URI_REGEXP: /^(?:(?:https?|mailto):|[^a-z]|[a-z+.-]+(?:[^a-z+.\-:]|$))/i,
};

const purify = DOMPurify(window);
purify.addHook('afterSanitizeAttributes', (node) => {
  if (node.tagName === 'A') node.setAttribute('rel', 'noopener noreferrer nofollow');
});

/** Clean HTML; null for text that the parser gives up on, such as a thousand quotes within each other. */
function render(text: string): string | null {
  try {
    return purify.sanitize(marked.parse(text, { async: false }), CLEAN);
  } catch {
    return null;
  }
}

export default function Markdown({ text }: { text: string }) {
  const html = useMemo(() => render(text), [text]);
  if (html === null) return <PlainText text={text} />;
  return <div className="markdown" dir="auto" dangerouslySetInnerHTML={{ __html: html }} />;
}
