import { expect, test } from 'vitest';
import { formatCount, formatEstimate } from './numbers';

test('counts are grouped, and a lower bound says so', () => {
  expect(formatCount(0)).toBe('0');
  expect(formatCount(1_000_000)).toBe('1,000,000');
  expect(formatCount(10_000, false)).toBe('10,000+');
});

test('an estimate says so', () => {
  expect(formatEstimate(4500)).toBe('~4,500');
});
