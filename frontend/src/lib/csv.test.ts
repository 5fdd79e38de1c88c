import { expect, test } from 'vitest';
import { decodeNames, encodeNames } from './csv';

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

test('what is written can be read', () => {
  const names = ['plain', 'a,b', '"', '""', 'None', null, 'x y'];
  expect(decodeNames(encodeNames(names))).toEqual(names);
});
