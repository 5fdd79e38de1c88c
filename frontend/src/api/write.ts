import { onSignedIn, sessionNow } from '@/lib/session';
import { ApiError } from './problem';
import { isUnauthenticated } from './session';

const BACKOFF_MS = 300;
/** Asked to wait for longer, a person is told so instead of waiting unawares. */
const LONGEST_WAIT_MS = 5_000;
/** Sent again that often when no answer came: a hiccup is over by then, and a person should not wait for more. */
const RETRIES = 2;
/** Asked that often for the answer of a first request that is still at work; a statement ends after some seconds. */
const RETRIES_WHILE_RUNNING = 10;

export const RUNNING = 'urn:incident-tracker:problem:running';

/** Whether the write may have happened or may yet happen: its answer was lost, or is not there yet. */
export function isUndecided(error: unknown): error is ApiError {
  return (
    error instanceof ApiError &&
    (error.type === RUNNING || error.status === 0 || (error.status >= 502 && error.status <= 504))
  );
}

/** How long to wait before the write is sent again, in milliseconds; null when it should not be. */
function waitBefore(error: unknown, failures: number): number | null {
  if (!isUndecided(error)) return null;
  if (failures >= (error.type === RUNNING ? RETRIES_WHILE_RUNNING : RETRIES)) return null;
  const asked = error.retryAfterMs ?? 0;
  if (asked > LONGEST_WAIT_MS) return null;
  // Scattered, so that browsers turned away together do not come back so.
  return Math.max(asked, BACKOFF_MS * 2 ** failures) * (1 + Math.random() / 4);
}

/**
 * Sends a write, and again when no answer came; on a device that is offline, once it is online, and where the session
 * has ended, once the person has signed in again. Only for requests with an Idempotency-Key, by which the server
 * recognises the second as the first and carries it out once.
 */
export async function sendWrite<T>(send: () => Promise<T>, failures = 0): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof ApiError && error.status === 0 && !navigator.onLine) {
      // The page says that changes wait; the device says when it is back.
      await new Promise((resolve) => window.addEventListener('online', resolve, { once: true }));
      return sendWrite(send, failures);
    }
    if (isUnauthenticated(error) && failures < RETRIES) {
      await signedIn();
      return sendWrite(send, failures + 1);
    }
    const wait = waitBefore(error, failures);
    if (wait === null) throw error;
    await new Promise((resolve) => setTimeout(resolve, wait));
    return sendWrite(send, failures + 1);
  }
}

/** Resolves once there is a session, which the page asks for in place. */
export async function signedIn(): Promise<void> {
  if (!sessionNow().isLost) return;
  await new Promise<void>((resolve) => {
    const stop = onSignedIn(() => {
      stop();
      resolve();
    });
  });
}
