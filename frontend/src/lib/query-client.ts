import { QueryClient } from '@tanstack/react-query';
import { ApiError } from '@/api/problem';

const RETRIES = 2;
const BACKOFF_MS = 500;
/** Asked to wait for longer, a person is told so instead of waiting unawares; Retry is a button then. */
const LONGEST_WAIT_MS = 30_000;

function askedWait(error: ApiError): number {
  return error.retryAfterMs ?? 0;
}

/** A request that could not be answered may be answered later; one that was refused will be refused again. */
function isTemporary(error: Error): error is ApiError {
  return error instanceof ApiError && (error.status === 0 || error.status >= 500);
}

/** Never before the server asked for it, and scattered, so that browsers turned away together do not come back so. */
function waitBefore(attempt: number, error: Error): number {
  const asked = error instanceof ApiError ? askedWait(error) : 0;
  return Math.max(asked, BACKOFF_MS * 2 ** attempt) * (1 + Math.random() / 4);
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The browser's idea of being online says nothing about a server on this machine or network.
        networkMode: 'always',
        staleTime: 2_000,
        retry: (failures, error) =>
          failures < RETRIES && isTemporary(error) && askedWait(error) <= LONGEST_WAIT_MS,
        retryDelay: waitBefore,
      },
      // A write is repeated only where that is safe, under its own Idempotency-Key: see api/write.ts.
      mutations: { networkMode: 'always', retry: false },
    },
  });
}
