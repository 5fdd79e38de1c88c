import { HttpResponse, http } from 'msw';
import { expect, test } from 'vitest';
import { setDisplayName } from '@/lib/display-name';
import { incident, page, problem } from '@/testing/incidents';
import { server } from '@/testing/server';
import { api, unwrap } from './client';
import { ApiError } from './problem';

const draft = { title: 'Disk full', service: 'ledger', severity: 'SEV1' } as const;

async function actorSent(): Promise<string | null> {
  let actor: string | null = null;
  server.use(
    http.post('/api/incidents', ({ request }) => {
      actor = request.headers.get('X-Actor');
      return HttpResponse.json(incident(), { status: 201 });
    }),
  );
  await unwrap(api.POST('/api/incidents', { body: draft }));
  return actor;
}

test('a write is signed with the name, in any script', async () => {
  setDisplayName('Zoë 漢');
  expect(await actorSent()).toBe('Zo%C3%AB%20%E6%BC%A2');
});

test('a read is signed as well: `owner:me` is whoever asks', async () => {
  setDisplayName('Ana');
  let actor: string | null = null;
  server.use(
    http.get('/api/incidents', ({ request }) => {
      actor = request.headers.get('X-Actor');
      return HttpResponse.json(page([]));
    }),
  );
  await unwrap(api.GET('/api/incidents'));
  expect(actor).toBe('Ana');
});

test('without a name it is not signed', async () => {
  expect(await actorSent()).toBeNull();
});

test('a list of values is one parameter', async () => {
  let query = '';
  server.use(
    http.get('/api/incidents', ({ request }) => {
      query = new URL(request.url).search;
      return HttpResponse.json(page([]));
    }),
  );
  await unwrap(
    api.GET('/api/incidents', {
      params: { query: { severity: ['SEV1', 'SEV2'], owner: '"Doe, J",none' } },
    }),
  );
  expect(new URLSearchParams(query).getAll('severity')).toEqual(['SEV1,SEV2']);
  expect(new URLSearchParams(query).getAll('owner')).toEqual(['"Doe, J",none']);
});

async function failure(response: Response): Promise<ApiError> {
  server.use(http.get('/api/services', () => response));
  const error: unknown = await unwrap(api.GET('/api/services')).catch((reason: unknown) => reason);
  if (!(error instanceof ApiError)) throw new Error('expected an ApiError');
  return error;
}

test('a problem keeps its fields, flattened, and its request id', async () => {
  const { body, init } = problem(422, {
    errors: { ids: { 0: ['Bad.'] }, title: ['Short.', 'Odd.'] },
  });
  const error = await failure(HttpResponse.json(body, init));
  expect(error).toMatchObject({
    status: 422,
    message: 'Problem 422.',
    requestId: 'req-7',
    fields: { ids: ['Bad.'], title: ['Short.', 'Odd.'] },
  });
});

test('an answer that is no problem document is told too', async () => {
  const headers = { 'X-Request-ID': 'req-8', 'Retry-After': '2' };
  const error = await failure(new HttpResponse('<h1>Bad gateway</h1>', { status: 502, headers }));
  expect(error).toMatchObject({ status: 502, requestId: 'req-8', retryAfterMs: 2000 });
});

test('a wait that is asked for by its end is understood', async () => {
  const headers = { 'Retry-After': new Date(Date.now() + 60_000).toUTCString() };
  const error = await failure(new HttpResponse(null, { status: 503, headers }));
  // The header tells whole seconds.
  expect(error.retryAfterMs).toBeGreaterThan(57_000);
  expect(error.retryAfterMs).toBeLessThanOrEqual(60_000);
});

test('a page in place of JSON is told in words', async () => {
  const error = await failure(new HttpResponse('<h1>Log in to the hotel</h1>'));
  expect(error.message).toContain('did not come from the tracker');
});

test('no answer at all has status 0', async () => {
  expect(await failure(HttpResponse.error())).toMatchObject({ status: 0 });
});
