import { describe, expect, test } from 'vitest';
import { ApiError } from '@/api/problem';
import { createQueryClient } from './query-client';

const { retry, retryDelay } = createQueryClient().getDefaultOptions().queries ?? {};

function answered(status: number, retryAfterMs: number | null = null): ApiError {
  return new ApiError('No.', { status, retryAfterMs });
}

function triedAgain(failures: number, error: Error): boolean {
  if (typeof retry !== 'function') throw new Error('retry is no function');
  return retry(failures, error);
}

function waitBefore(attempt: number, error: Error): number {
  if (typeof retryDelay !== 'function') throw new Error('retryDelay is no function');
  return retryDelay(attempt, error);
}

describe('reads that failed', () => {
  test('are tried twice more when that can help', () => {
    expect([0, 1, 2].map((failures) => triedAgain(failures, answered(503)))).toEqual([
      true,
      true,
      false,
    ]);
    expect(triedAgain(0, answered(0))).toBe(true);
    expect(triedAgain(0, answered(422))).toBe(false);
    expect(triedAgain(0, new Error('a bug of ours'))).toBe(false);
  });

  test('wait at least as long as the server asked, and never all for the same time', () => {
    for (const [asked, attempt, least] of [
      [12_000, 0, 12_000],
      [0, 0, 500],
      [null, 1, 1_000],
    ] as const) {
      const waits = Array.from({ length: 20 }, () => waitBefore(attempt, answered(503, asked)));
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(least);
      expect(Math.max(...waits)).toBeLessThanOrEqual(least * 1.25);
      expect(new Set(waits).size).toBeGreaterThan(1);
    }
  });

  test('are told at once when the server asks for a long wait', () => {
    expect(triedAgain(0, answered(503, 30_000))).toBe(true);
    expect(triedAgain(0, answered(503, 120_000))).toBe(false);
  });
});
