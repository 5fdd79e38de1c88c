import { describe, expect, test } from 'vitest';
import {
  DAY,
  formatAbsolute,
  formatAge,
  formatDuration,
  fromLocalInput,
  HOUR,
  MINUTE,
  toLocalInput,
} from './time';

describe('durations', () => {
  test.each([
    [-5, '0s'],
    [45_000, '45s'],
    [12 * MINUTE, '12m'],
    [HOUR, '1h'],
    [3 * HOUR + 5 * MINUTE, '3h 5m'],
    [DAY + 30 * MINUTE, '1d'],
    [2 * DAY + 4 * HOUR, '2d 4h'],
  ])('%i ms is %s', (ms, text) => expect(formatDuration(ms)).toBe(text));
});

describe('ages', () => {
  test.each([
    [-HOUR, 'now'],
    [59_999, 'now'],
    [MINUTE, '1m'],
    [HOUR - 1, '59m'],
    [DAY - 1, '23h'],
    [69 * DAY, '69d'],
    [98 * DAY, '14w'],
  ])('%i ms is %s', (ms, text) => expect(formatAge(ms)).toBe(text));
});

test('an absolute time names both clocks', () => {
  expect(formatAbsolute('2025-03-04T14:02:59Z')).toMatch(/local · 2025-03-04 14:02 UTC$/);
});

test('the date input loses nothing but fractions of a second', () => {
  const iso = '2025-07-04T14:02:59.000Z';
  expect(fromLocalInput(toLocalInput(iso))).toBe(iso);
  expect(fromLocalInput('')).toBeNull();
});
