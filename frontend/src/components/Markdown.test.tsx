import { render } from '@testing-library/react';
import { expect, test } from 'vitest';
import Markdown from './Markdown';

const html = (text: string) => render(<Markdown text={text} />).container;

test.each([
  '<img src=x onerror=alert(1)>',
  '<script>alert(1)</script>',
  '[x](javascript:alert(1))',
  '<a href="javascript:alert(1)">x</a>',
  '<svg><script>alert(1)</script></svg>',
  '<form action="/api"><input name=x></form>',
  '<p style="position:fixed" onclick="alert(1)">x</p>',
  '<table background="https://example.com/x.png"><tr><td>x</td></tr></table>',
  '<dialog open>x</dialog>',
  '<b data-tip="x" tabindex="0" accesskey="c" role="alert" aria-label="x">x</b>',
])('nothing that runs or fetches comes through: %s', (text) => {
  const out = html(text);
  expect(
    out.querySelector(
      'script, img, svg, form, input, dialog, [onclick], [onerror], [style], [background], ' +
        '[data-tip], [tabindex], [accesskey], [role], [aria-label]',
    ),
  ).toBeNull();
  expect(out.innerHTML).not.toContain('javascript:');
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
