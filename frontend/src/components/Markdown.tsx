import DOMPurify from 'dompurify';
import { Marked } from 'marked';
import { useMemo } from 'react';

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

const CLEAN = {
  USE_PROFILES: { html: true },
  FORBID_TAGS: [
    'img',
    'picture',
    'source',
    'audio',
    'video',
    'style',
    'form',
    'input',
    'button',
    'textarea',
    'select',
  ],
  FORBID_ATTR: ['style', 'id', 'name', 'class'],
};

const purify = DOMPurify(window);
purify.addHook('afterSanitizeAttributes', (node) => {
  if (node.tagName === 'A') node.setAttribute('rel', 'noopener noreferrer nofollow');
});

export default function Markdown({ text }: { text: string }) {
  const html = useMemo(() => purify.sanitize(marked.parse(text, { async: false }), CLEAN), [text]);
  return <div className="markdown" dangerouslySetInnerHTML={{ __html: html }} />;
}
