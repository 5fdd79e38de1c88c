import createClient, { type Middleware } from 'openapi-fetch';
import { displayName } from '@/lib/display-name';
import { ApiError, problemFrom } from './problem';
import type { paths } from './schema';
import { fetchInSession } from './session';

const sayWhoAsks: Middleware = {
  onRequest({ request }) {
    // What is sent again goes under the name that it was first sent under, whatever the name is by now.
    if (request.headers.has('X-Actor')) return request;
    const name = displayName();
    // Header values are ASCII on their way, so the API reads the name percent-encoded.
    if (name) request.headers.set('X-Actor', encodeURIComponent(name));
    return request;
  },
  onError({ error }) {
    // An aborted request is not a failure; the query client knows what to do with it.
    if (error instanceof DOMException && error.name === 'AbortError') return undefined;
    return new ApiError('The server cannot be reached.', { status: 0 });
  },
};

/** A page that is no JSON comes from something in between: a proxy, or a network that wants a login first. */
const NOT_OURS =
  'The answer did not come from the tracker. A login page or a proxy may stand in between.';

export const api = createClient<paths>({
  baseUrl: globalThis.location.origin,
  // A list is one comma-separated parameter; the API refuses a repeated one.
  querySerializer: { array: { style: 'form', explode: false } },
  // It looks the browser's own up at every call, so that mocks that come later see the request.
  fetch: fetchInSession,
});
api.use(sayWhoAsks);

/** The data of an answer, or the problem thrown. */
export async function unwrap<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await call.catch((cause: unknown) => {
    if (cause instanceof SyntaxError) throw new ApiError(NOT_OURS, { status: 0 });
    throw cause;
  });
  if (!response.ok || data === undefined) throw problemFrom(response, error);
  return data;
}

/** Likewise of a write, with the change that it made; null where it changed nothing. */
export async function unwrapChange<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<{ data: T; changeId: string | null }> {
  const data = await unwrap(call);
  const { response } = await call;
  return { data, changeId: response.headers.get('Change-Id') };
}
