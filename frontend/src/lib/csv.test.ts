import { expect, test } from 'vitest';
import { decodeNames } from './csv';

test.each([
  ['a,b', ['a', 'b']],
  [' a , b ', ['a', 'b']],
  ['"a,b",c', ['a,b', 'c']],
  ['"say ""hi"""', ['say "hi"']],
  ['none,"none"', [null, 'none']],
  ['a,a', ['a']],
  ['', []],
  [',,', []],
  ['"never closed', ['never closed']],
])('%s reads as %j', (text, names) => {
  expect(decodeNames(text)).toEqual(names);
});
