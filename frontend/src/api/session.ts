import { loadAnew } from '@/lib/load-anew';
import { hearSession, onOtherTab, type Session, sessionNow } from '@/lib/session';
import { type ApiError, problemFrom } from './problem';

const URN = 'urn:incident-tracker:problem:';
const UNAUTHENTICATED = `${URN}unauthenticated`;
const CSRF = `${URN}csrf`;

const RETRY_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;

/** The question that is on its way; everybody who asks meanwhile waits for the same answer. */
let asking: Promise<void> | null = null;

/** Asks the server who is signed in, and how one does. Where no answer comes, what was known stays. */
export function askSession(): Promise<void> {
  asking ??= ask().finally(() => {
    asking = null;
  });
  return asking;
}

async function ask(): Promise<void> {
  const response = await fetch('/api/session', {
    headers: { Accept: 'application/json' },
    cache: 'no-store',
  }).catch(() => null);
  if (!response?.ok) return;
  const session = (await response.json().catch(() => null)) as Session | null;
  if (session && hearSession(session)) loadAnew();
}

/** Asks once, as the page opens, until there is an answer; then whenever another tab has news. Returns how to stop. */
export function followSession(): () => void {
  let retry: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;

  async function begin() {
    await askSession();
    if (sessionNow().isTold) return;
    failures += 1;
    retry = setTimeout(
      () => void begin(),
      Math.min(RETRY_MS * 2 ** (failures - 1), LONGEST_WAIT_MS),
    );
  }

  void begin();
  const stop = onOtherTab(() => void askSession());
  return () => {
    clearTimeout(retry);
    stop();
  };
}

export function isUnauthenticated(error: unknown): boolean {
  return (error as ApiError | null)?.type === UNAUTHENTICATED;
}

async function typeOf(response: Response): Promise<string | null> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  return problemFrom(response, body).type;
}

const READS = new Set(['GET', 'HEAD']);

/** The request as this mode wants it: signed with a name, or with the session's cookie and its token. */
function prepared(request: Request): Request {
  const { mode, csrfToken } = sessionNow().session;
  if (mode === 'open') return request;
  request.headers.delete('X-Actor');
  if (csrfToken !== null && !READS.has(request.method)) {
    request.headers.set('X-CSRF-Token', csrfToken);
  }
  return request;
}

/** Sends a request in the person's session, and asks anew who is signed in where the answer gives cause to. */
export async function fetchInSession(request: Request): Promise<Response> {
  const isWrite = !READS.has(request.method);
  // A write has to know its token; what is read is at most read once more.
  if (isWrite && asking !== null) await asking;
  const again = isWrite && sessionNow().session.mode === 'required' ? request.clone() : null;
  const response = await globalThis.fetch(prepared(request));
  if (response.status === 401 && (await typeOf(response)) === UNAUTHENTICATED) await askSession();
  if (response.status !== 403 || !isWrite) return response;
  const isStale = (await typeOf(response)) === CSRF;
  // What was refused may be due to another role or another token than this page knows of.
  await askSession();
  return isStale && again !== null ? globalThis.fetch(prepared(again)) : response;
}
