import { expect, test } from 'vitest';
import { checkDraft, checkText } from './validate';

const good = {
  title: 'Disk full',
  service: 'ledger',
  severity: 'SEV1',
  owner: '',
  summary: '',
} as const;

test('a title, a service and a severity are enough', () => {
  expect(checkDraft(good)).toEqual({});
});

test('every bad field is named at once', () => {
  const messages = checkDraft({
    title: ' ab ',
    service: ' ',
    severity: null,
    owner: '',
    summary: '',
  });
  expect(Object.keys(messages).toSorted()).toEqual(['service', 'severity', 'title']);
});

test('characters are counted as people see them, after trimming', () => {
  expect(checkText('title', ` ${'🔥'.repeat(255)} `)).toBeNull();
  expect(checkText('title', '🔥'.repeat(256))).toMatch(/255/);
  expect(checkText('owner', 'x'.repeat(121))).toMatch(/120/);
});
