import { HttpResponse, http } from 'msw';
import { beforeEach, expect, test, vi } from 'vitest';
import { displayName, setDisplayName } from '@/lib/display-name';
import { loadAnew } from '@/lib/load-anew';
import { forgetSession, hearSession, sessionNow } from '@/lib/session';
import { account, refusal, sessionServer } from '@/testing/accounts';
import { incident, page } from '@/testing/incidents';
import { server } from '@/testing/server';
import { api, unwrap } from './client';
import { askSession } from './session';
import { sendWrite } from './write';

vi.mock('@/lib/load-anew');

const ana = account();
const ben = account({ id: 'b2', name: 'Ben', email: 'ben@example.org' });
const draft = { title: 'Disk full', service: 'ledger', severity: 'SEV1' } as const;

let model: ReturnType<typeof sessionServer>;
let writes: Request[];

beforeEach(() => {
  vi.mocked(loadAnew).mockClear();
  model = sessionServer([ana, ben], ana);
  writes = [];
  server.use(
    http.get(
      '/api/incidents',
      ({ request }) => model.guard(request) ?? HttpResponse.json(page([])),
    ),
    http.post('/api/incidents', ({ request }) => {
      writes.push(request);
      return model.guard(request) ?? HttpResponse.json(incident(), { status: 201 });
    }),
  );
});

const list = () => unwrap(api.GET('/api/incidents'));
const create = () =>
  unwrap(
    api.POST('/api/incidents', {
      params: { header: { 'Idempotency-Key': 'k1', 'X-Actor': 'Zoe' } },
      body: draft,
    }),
  );

test('where one has to sign in, requests carry the token and no name', async () => {
  setDisplayName('Zoe');
  await askSession();
  await list();
  await create();
  expect(writes[0]?.headers.get('X-CSRF-Token')).toBe('token-1');
  expect(displayName()).toBe('Ana');
});

test('a write waits for the answer that has its token', async () => {
  void askSession();
  await create();
  expect(writes).toHaveLength(1);
});

test('a token that counts no more is fetched anew, once, and the write sent again whole', async () => {
  await askSession();
  model.csrfToken = 'token-2';
  await create();
  expect(await writes[1]?.json()).toEqual(draft);
  expect(model.asked).toBe(2);
});

test('a refusal that stays is told, after one more try', async () => {
  await askSession();
  server.use(
    http.post('/api/incidents', ({ request }) => {
      writes.push(request);
      return refusal(403, 'csrf', 'No.');
    }),
  );
  await expect(create()).rejects.toMatchObject({ status: 403 });
  expect(writes).toHaveLength(2);
});

test('a role that has changed is known after the first refusal', async () => {
  await askSession();
  model.account = { ...ana, role: 'viewer' };
  server.use(
    http.post('/api/incidents', () => refusal(403, 'forbidden', 'This needs the role responder.')),
  );
  await expect(create()).rejects.toThrow('This needs the role responder.');
  expect(sessionNow().session.account?.role).toBe('viewer');
});

test('a session that ends is noticed by any request, and keeps whose page it is', async () => {
  await askSession();
  model.end();
  await expect(list()).rejects.toMatchObject({ status: 401 });
  expect(sessionNow()).toMatchObject({ isLost: true, session: { account: { name: 'Ana' } } });
  expect(localStorage.getItem('account')).toBe('null');
});

test('a write that it stops is sent again once somebody has signed in, under its key', async () => {
  await askSession();
  model.end();
  const writing = sendWrite(create);
  await vi.waitFor(() => expect(sessionNow().isLost).toBe(true));
  expect(writes).toHaveLength(1);
  model.account = ana;
  model.csrfToken = 'token-2';
  hearSession(model.session());
  await writing;
  expect(writes.map(({ headers }) => headers.get('Idempotency-Key'))).toEqual(['k1', 'k1']);
});

test('a write that is refused all the same is told in the end', async () => {
  await askSession();
  server.use(http.post('/api/incidents', () => refusal(401, 'unauthenticated', 'Sign in.')));
  await expect(sendWrite(create)).rejects.toMatchObject({ status: 401 });
});

test('where another person has signed in meanwhile, the page is loaded anew', async () => {
  await askSession();
  model.account = ben;
  await askSession();
  expect(loadAnew).toHaveBeenCalledWith();
  expect(displayName()).toBe('Ana');
});

test('who was signed in is known to the next page before the server says it', async () => {
  await askSession();
  forgetSession();
  expect(displayName()).toBe('Ana');
  expect(sessionNow()).toMatchObject({ isTold: false, session: { mode: 'required' } });
});

test('where the server does not say it, what was known stays', async () => {
  server.use(http.get('/api/session', () => HttpResponse.error()));
  await askSession();
  expect(sessionNow()).toMatchObject({ isTold: false, session: { mode: 'open' } });
});
