import { QueryClient } from '@tanstack/react-query';
import { ApiError } from '@/api/problem';

const RETRIES = 2;
const LONGEST_WAIT_MS = 10_000;

/** A request that could not be answered may be answered later; one that was refused will be refused again. */
function isTemporary(error: Error): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status >= 500);
}

function waitBefore(attempt: number, error: Error): number {
  const asked = error instanceof ApiError ? error.retryAfterMs : null;
  return Math.min(asked ?? 500 * 2 ** attempt, LONGEST_WAIT_MS);
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The browser's idea of being online says nothing about a server on this machine or network.
        networkMode: 'always',
        staleTime: 2_000,
        retry: (failures, error) => failures < RETRIES && isTemporary(error),
        retryDelay: waitBefore,
      },
      // A write is never repeated behind the person's back.
      mutations: { networkMode: 'always', retry: false },
    },
  });
}
