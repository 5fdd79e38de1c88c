import { expect, test } from 'vitest';
import { pageAfterSignIn } from './sign-in-path';

test.each([
  ['/incidents/INC-7', '/incidents/INC-7'],
  ['/?q=owner%3Ame', '/?q=owner%3Ame'],
  ['/account#tokens', '/account#tokens'],
  ['//elsewhere.example', '/'],
  ['/\\elsewhere.example', '/'],
  ['/\t/elsewhere.example', '/'],
  ['//[', '/'],
  ['https://elsewhere.example/', '/'],
  ['javascript:alert(1)', '/'],
  ['incidents/new', '/'],
  ['/sign-in?to=/sign-in', '/'],
])('%s leads to %s', (to, page) => {
  expect(pageAfterSignIn(`?${new URLSearchParams({ to })}`)).toBe(page);
});

test('without a page it is the list', () => {
  expect(pageAfterSignIn('')).toBe('/');
});
