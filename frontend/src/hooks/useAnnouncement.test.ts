import { act, renderHook } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { useAnnouncement } from './useAnnouncement';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

test('of what changes all the time only the newest is told, at most once in that time', async () => {
  const { result, rerender } = renderHook(({ text }) => useAnnouncement(text, 10_000), {
    initialProps: { text: '' },
  });
  const told = new Set<string>();
  for (let count = 1; count <= 200; count += 1) {
    rerender({ text: `${count} new` });
    // oxlint-disable-next-line no-await-in-loop -- Time passes between one and the next.
    await pass(100);
    told.add(result.current);
  }
  await pass(10_000);
  told.add(result.current);
  // At once, after ten seconds, after twenty.
  expect(told.size).toBe(3);
  expect([...told][0]).toBe('1 new');
  expect([...told][2]).toBe('200 new');
});

test('what is over is silent at once, and what follows still keeps its distance', async () => {
  const { result, rerender } = renderHook(({ text }) => useAnnouncement(text, 10_000), {
    initialProps: { text: '1 new' },
  });
  await pass(0);
  expect(result.current).toBe('1 new');
  await pass(2_000);
  rerender({ text: '' });
  expect(result.current).toBe('');
  await pass(1_000);
  rerender({ text: '1 new' });
  await pass(6_000);
  expect(result.current).toBe('');
  await pass(1_100);
  expect(result.current).toBe('1 new');
});
