import { render } from '@testing-library/react';
import { expect, test } from 'vitest';
import { XSS_VECTORS } from '@/testing/xss';
import Markdown from './Markdown';

function html(text: string): Element {
  const out = render(<Markdown text={text} />).container.firstElementChild;
  if (!out) throw new Error('nothing was drawn');
  return out;
}

const TAGS = new Set(
  (
    'A B BLOCKQUOTE BR CODE DD DEL DETAILS DIV DL DT EM H3 H4 H5 H6 HR I INS KBD LI MARK OL P PRE Q S SAMP SMALL ' +
    'SPAN STRONG SUB SUMMARY SUP TABLE TBODY TD TFOOT TH THEAD TR U UL'
  ).split(' '),
);
const ATTRIBUTES = new Set('href rel title align start open colspan rowspan dir lang'.split(' '));
const HTML = 'http://www.w3.org/1999/xhtml';

/** What a reader's browser would do more with than show it. */
function harm(out: Element): string[] {
  return [...out.querySelectorAll('*')].flatMap((element) => {
    const found: string[] = [];
    if (element.namespaceURI !== HTML || !TAGS.has(element.tagName)) found.push(element.outerHTML);
    for (const { name, value } of element.attributes) {
      if (!ATTRIBUTES.has(name)) found.push(`${name}="${value}"`);
    }
    if (element instanceof HTMLAnchorElement && element.hasAttribute('href')) {
      // As the browser reads it, after all entities, blanks and letter cases.
      const { protocol } = new URL(element.href);
      if (!['http:', 'https:', 'mailto:'].includes(protocol)) found.push(element.outerHTML);
      const rel = element.rel.split(' ');
      if (!rel.includes('noopener') || !rel.includes('noreferrer')) found.push(element.outerHTML);
    }
    return found;
  });
}

test.each(XSS_VECTORS)('nothing that runs, fetches or poses comes through: %s', (vector) => {
  const out = html(vector);
  expect(harm(out)).toEqual([]);
  // What is harmless must stay so when it is parsed once more, which is where mutation XSS lives.
  const again = document.createElement('div');
  again.innerHTML = out.innerHTML;
  expect(harm(again)).toEqual([]);
});

test('together they do no more than one by one', () => {
  expect(XSS_VECTORS.length).toBeGreaterThan(150);
  expect(harm(html(XSS_VECTORS.join('\n\n')))).toEqual([]);
  expect(harm(html(XSS_VECTORS.join(' ')))).toEqual([]);
});

test.each([
  ['tel:112'],
  ['ftp://example.com/x'],
  ['sms:112'],
  ['callto:x'],
  ['matrix:u/x'],
  ['slack://channel?id=1'],
])('a link elsewhere than http, https and mailto leads nowhere: %s', (href) => {
  expect(harm(html(`[x](${href})`))).toEqual([]);
});

test.each([
  ['https://example.com/a?b=c#d'],
  ['mailto:ana@example.com'],
  ['/incidents/INC-7'],
  ['#cause'],
])('a link to %s stays', (href) => {
  expect(html(`[x](${href})`).querySelector('a')).toHaveAttribute('href', href);
});

test.each([
  ['quotes', '>'.repeat(20_000)],
  ['brackets', '['.repeat(20_000)],
  ['emphasis', '*a _'.repeat(2_500)],
  ['lists', '- '.repeat(10_000)],
  [
    'indented lists',
    Array.from({ length: 190 }, (_, depth) => `${' '.repeat(depth)}- a`).join('\n'),
  ],
  ['links', '[a]('.repeat(5_000)],
  ['pictures', '![a'.repeat(6_000)],
  ['elements', '<b>'.repeat(600)],
  ['comments', '<!--'.repeat(5_000)],
  ['entities', '&amp'.repeat(5_000)],
  ['backticks', Array.from({ length: 190 }, (_, length) => '`'.repeat(length)).join('a')],
  ['tables', `${'|a'.repeat(5_000)}\n${'|-'.repeat(5_000)}`],
  ['references', Array.from({ length: 2_000 }, (_, index) => `[${index}]: /`).join('\n')],
])('text that is all %s is shown, and soon', (_, text) => {
  const before = performance.now();
  expect(harm(html(text))).toEqual([]);
  expect(performance.now() - before).toBeLessThan(5_000);
});

test('what cannot be parsed is shown as it was written', () => {
  const quotes = `${'>'.repeat(19_000)} deep`;
  expect(html(quotes)).toHaveTextContent(quotes);
});

test('a picture becomes a link, since no other host is contacted', () => {
  const link = html('![graph](https://example.com/g.png)').querySelector('a');
  expect(link).toHaveAttribute('href', 'https://example.com/g.png');
  expect(link).toHaveTextContent('graph');
});

test('headings go below those of the page', () => {
  expect(html('# Cause').querySelector('h3')).toHaveTextContent('Cause');
});

test('links give nothing away', () => {
  expect(html('<https://example.com>').querySelector('a')?.rel).toContain('noreferrer');
});
