import { HttpResponse, http } from 'msw';
import type { Account, Provider, Session } from '@/lib/session';
import { problem } from './incidents';
import { server } from './server';

export const PASSWORD = 'correct horse battery';

export const SSO: Provider = { name: 'Example SSO', decidesRoles: false };

/** An account as the API gives it; a test names only what it is about. */
export function account(part: Partial<Account> = {}): Account {
  return {
    id: '01900000-0000-7000-8000-0000000000a1',
    email: 'ana@example.org',
    name: 'Ana',
    role: 'responder',
    disabled: false,
    createdAt: '2025-03-04T14:00:00Z',
    lastSeenAt: null,
    hasPassword: true,
    linked: false,
    ...part,
  };
}

const urn = (name: string) => `urn:incident-tracker:problem:${name}`;

/** RFC 9457, under one of the server's own types. */
export function refusal(status: number, type: string, detail: string) {
  const { body, init } = problem(status, { type: urn(type), detail });
  return HttpResponse.json(body, init);
}

/** Too many attempts to sign in have failed, so that the next has to wait. */
export function throttled(seconds: number) {
  const { body, init } = problem(429, {
    type: urn('too-many-attempts'),
    title: 'Too many attempts to sign in',
    detail: `Too many attempts to sign in failed. Try again in ${seconds} seconds.`,
  });
  return HttpResponse.json(body, {
    ...init,
    headers: { ...init.headers, 'Retry-After': String(seconds) },
  });
}

/** A server that wants people to sign in, who does so with `PASSWORD`. It keeps the session and guards what it is asked to. */
export function sessionServer(everybody: Account[], signedIn: Account | null) {
  const model = {
    account: signedIn,
    csrfToken: 'token-1',
    methods: { password: true, oidc: null } as Session['methods'],
    /** How often it was asked who is signed in. */
    asked: 0,
    /** Ends the session, as its age or an admin does. */
    end: () => {
      model.account = null;
    },
    /** What is wrong with a request, if anything is. */
    guard(request: Request): Response | null {
      if (model.account === null) {
        return refusal(401, 'unauthenticated', 'Sign in first.');
      }
      if (request.headers.has('X-Actor')) return refusal(422, 'invalid', 'X-Actor is not known.');
      const isRead = request.method === 'GET';
      if (!isRead && request.headers.get('X-CSRF-Token') !== model.csrfToken) {
        return refusal(403, 'csrf', 'The token is missing or wrong.');
      }
      return null;
    },
    session: (): Session => ({
      mode: 'required',
      account: model.account,
      csrfToken: model.account && model.csrfToken,
      methods: model.methods,
    }),
  };
  server.use(
    http.get('/api/session', () => {
      model.asked += 1;
      return HttpResponse.json(model.session());
    }),
    http.post('/api/session', async ({ request }) => {
      const { email, password } = (await request.json()) as { email: string; password: string };
      const found = everybody.find((one) => one.email === email);
      if (!found || password !== PASSWORD) {
        return refusal(401, 'wrong-credentials', 'The e-mail address or the password is wrong.');
      }
      model.account = found;
      return HttpResponse.json(model.session(), { status: 201 });
    }),
    http.delete('/api/session', ({ request }) => {
      const refused = model.guard(request);
      if (refused) return refused;
      model.account = null;
      return new HttpResponse(null, { status: 204 });
    }),
  );
  return model;
}
