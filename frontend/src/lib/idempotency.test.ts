import { expect, test } from 'vitest';
import { keptKeyFor, keyFor, newKey, settle, settleKept } from './idempotency';

test('keys are what the header takes, and never the same', () => {
  const keys = Array.from({ length: 1_000 }, newKey);
  expect(new Set(keys).size).toBe(1_000);
  for (const key of keys) expect(key).toMatch(/^[!-~]{32}$/);
});

test('a write keeps its key until it is settled', () => {
  const key = keyFor('a');
  expect(keyFor('a')).toBe(key);
  expect(keyFor('b')).not.toBe(key);
  settle('a');
  expect(keyFor('a')).not.toBe(key);
});

test('a kept key belongs to its content', () => {
  const key = keptKeyFor('attempt', 'one');
  expect(keptKeyFor('attempt', 'one')).toBe(key);
  const other = keptKeyFor('attempt', 'two');
  expect(other).not.toBe(key);
  settleKept('attempt');
  expect(localStorage.getItem('attempt')).toBeNull();
  expect(keptKeyFor('attempt', 'two')).not.toBe(other);
});

test('an unreadable one counts as none', () => {
  localStorage.setItem('attempt', '{"half');
  expect(keptKeyFor('attempt', 'one')).toMatch(/^\w{32}$/);
});
