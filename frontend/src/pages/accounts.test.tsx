import { screen, waitFor, within } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Invitation, SignedIn, Token } from '@/features/accounts/api/types';
import { loadAnew } from '@/lib/load-anew';
import type { Account, Provider } from '@/lib/session';
import { account, PASSWORD, refusal, SSO, sessionServer, throttled } from '@/testing/accounts';
import { facets, incident, page, problem } from '@/testing/incidents';
import { renderApp } from '@/testing/render-app';
import { server } from '@/testing/server';

vi.mock('@/lib/load-anew');

const ADMIN = account({ role: 'admin' });
const BEN = account({ id: 'b2', name: 'Ben', email: 'ben@example.org', role: 'viewer' });
const AT = '2025-03-04T14:00:00Z';
const GOOD = 'a long enough one';

const session = (id: string, part: Partial<SignedIn> = {}): SignedIn => ({
  id,
  createdAt: AT,
  lastUsedAt: AT,
  expiresAt: AT,
  address: '192.0.2.7',
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  current: false,
  ...part,
});

let model: ReturnType<typeof sessionServer>;
let sessions: SignedIn[];
let tokens: Token[];
let people: Account[];
let invitations: Invitation[];
/** What was written: the method, the path and the body. */
let writes: unknown[];
/** What the server says to the next write instead of carrying it out. */
let refused: Response | null;

/** Carries a write out unless it is to be refused. */
async function answer(request: Request, carryOut: (body: never) => unknown, status = 200) {
  const body = (await request.json()) as never;
  writes.push([`${request.method} ${new URL(request.url).pathname}`, body]);
  const problemOf = refused ?? model.guard(request);
  refused = null;
  if (problemOf) return problemOf;
  const done = carryOut(body);
  return done === undefined
    ? new HttpResponse(null, { status: 204 })
    : HttpResponse.json(done as object, { status });
}

beforeEach(() => {
  vi.mocked(loadAnew).mockClear();
  sessions = [session('s1', { current: true }), session('s2', { address: '192.0.2.8' })];
  tokens = [];
  people = [ADMIN, BEN];
  invitations = [];
  writes = [];
  refused = null;
  const items = (list: () => object[]) => () => HttpResponse.json({ items: list() });
  server.use(
    http.get('/api/incidents', () => HttpResponse.json(page([incident()]))),
    http.get('/api/incidents/facets', () => HttpResponse.json(facets)),
    http.get(
      '/api/sessions',
      items(() => sessions),
    ),
    http.get(
      '/api/tokens',
      items(() => tokens),
    ),
    http.get(
      '/api/accounts',
      items(() => people),
    ),
    http.get(
      '/api/invitations',
      items(() => invitations),
    ),
    http.patch('/api/me', ({ request }) =>
      answer(request, ({ name }: { name?: string }) => {
        if (model.account && name) model.account = { ...model.account, name };
        return model.account;
      }),
    ),
    http.delete('/api/sessions', ({ request }) =>
      answer(request, () => {
        sessions = sessions.filter(({ current }) => current);
      }),
    ),
    http.delete('/api/sessions/:id', ({ request, params }) =>
      answer(request, () => {
        sessions = sessions.filter(({ id }) => id !== params.id);
      }),
    ),
    http.post('/api/tokens', ({ request }) =>
      answer(
        request,
        (body: Pick<Token, 'name' | 'role' | 'expiresAt'>) => {
          const made = { ...body, id: 't1', createdAt: AT, lastUsedAt: null, account: ADMIN };
          tokens = [made];
          return { ...made, token: 'itk_secret' };
        },
        201,
      ),
    ),
    http.delete('/api/tokens/:id', ({ request, params }) =>
      answer(request, () => {
        tokens = tokens.filter(({ id }) => id !== params.id);
      }),
    ),
    http.patch('/api/accounts/:id', ({ request, params }) =>
      answer(request, (body: Partial<Account>) => {
        people = people.map((one) => (one.id === params.id ? { ...one, ...body } : one));
        return people.find(({ id }) => id === params.id);
      }),
    ),
    http.post('/api/invitations', ({ request }) =>
      answer(
        request,
        (body: Pick<Invitation, 'email' | 'role'>) => {
          const made = { ...body, id: 'i1', createdAt: AT, expiresAt: AT, createdBy: 'Ana' };
          invitations = [made];
          return { ...made, link: 'http://host/join#abc' };
        },
        201,
      ),
    ),
    http.delete('/api/invitations/:id', ({ request }) =>
      answer(request, () => {
        invitations = [];
      }),
    ),
  );
});

async function open(at: string, who: Account = ADMIN, oidc: Provider | null = null) {
  model = sessionServer(people, who);
  model.methods = { password: true, oidc };
  const app = renderApp(at);
  await screen.findByRole('heading', { level: 1 });
  return app;
}

const listed = (name: string) => within(screen.getByRole('list', { name }));

describe('the page of the account', () => {
  test('changes the name, which the menu and the history then have', async () => {
    const { user } = await open('/account');
    const field = screen.getByLabelText('Name', { selector: '[autocomplete=name]' });
    await user.clear(field);
    await user.click(screen.getByRole('button', { name: 'Save name' }));
    expect(screen.getByRole('alert')).toHaveTextContent('Give a name.');
    await user.type(field, 'Ana  Silva{Enter}');
    expect(await screen.findByRole('button', { name: 'Your account: Ana Silva' })).toBeVisible();
    expect(writes).toEqual([['PATCH /api/me', { name: 'Ana Silva' }]]);
  });

  test('tells at the field that a name is taken', async () => {
    const { user } = await open('/account');
    const { body, init } = problem(422, { errors: { name: ['This name is taken.'] } });
    refused = HttpResponse.json(body, init);
    await user.click(screen.getByRole('button', { name: 'Save name' }));
    expect(await screen.findByText('This name is taken.')).toHaveClass('error');
  });

  test('changes the password, after one that is too short and one that is wrong', async () => {
    const { user } = await open('/account');
    const next = screen.getByLabelText('New password');
    expect(next).toHaveAttribute('autocomplete', 'new-password');
    await user.type(screen.getByLabelText('Current password'), 'wrong');
    await user.type(next, 'short{Enter}');
    expect(next).toHaveAccessibleDescription('A password has at least 12 characters.');
    expect(next).toHaveFocus();
    await user.clear(next);
    const { body, init } = problem(422, {
      errors: { password: { current: ['Is not your password.'] } },
    });
    refused = HttpResponse.json(body, init);
    await user.type(next, `${GOOD}{Enter}`);
    const current = screen.getByLabelText('Current password');
    await waitFor(() => expect(current).toHaveAccessibleDescription('Is not your password.'));
    expect(current).toHaveAttribute('aria-invalid', 'true');
    expect(next).not.toHaveAccessibleDescription('Is not your password.');
    expect(screen.getAllByText('Is not your password.')).toHaveLength(1);
    expect(next).toHaveValue(GOOD);
    await user.click(screen.getByRole('button', { name: 'Change password' }));
    await waitFor(() => expect(next).toHaveValue(''));
    expect(writes.at(-1)).toEqual(['PATCH /api/me', { password: { current: 'wrong', new: GOOD } }]);
  });

  test('says how long to wait where somebody has tried too often', async () => {
    const { user } = await open('/account');
    refused = throttled(91);
    await user.type(screen.getByLabelText('Current password'), 'wrong');
    await user.type(screen.getByLabelText('New password'), `${GOOD}{Enter}`);
    expect(
      await screen.findByText('Too many attempts to sign in. Try again in 2 minutes.'),
    ).toBeVisible();
  });

  test('keeps what was typed where the session has ended, and says that nothing was changed', async () => {
    const { user } = await open('/account');
    await user.type(screen.getByLabelText('Current password'), 'right');
    await user.type(screen.getByLabelText('New password'), GOOD);
    model.end();
    await user.keyboard('{Enter}');
    await screen.findByRole('dialog', { name: 'Sign in again' });
    expect(screen.getByText(/so nothing was changed/)).toBeVisible();
    await user.keyboard(`${PASSWORD}{Enter}`);
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());
    expect(screen.getByLabelText('New password')).toHaveValue(GOOD);
    await user.click(screen.getByRole('button', { name: 'Change password' }));
    await waitFor(() => expect(screen.getByLabelText('New password')).toHaveValue(''));
  });

  test('ends a session, after asking, and never its own', async () => {
    const { user } = await open('/account');
    const name = 'End the session of Firefox on Linux at 192.0.2.8';
    const end = await screen.findByRole('button', { name });
    expect(screen.getAllByRole('button', { name: /^End the session/ })).toHaveLength(1);
    await user.click(end);
    const sure = screen.getByRole('button', { name: 'Yes, end it' });
    expect(sure).toHaveFocus();
    await user.keyboard('{Escape}');
    expect(screen.getByRole('button', { name })).toHaveFocus();
    expect(writes).toEqual([]);
    await user.keyboard('{Enter}{Enter}');
    await waitFor(() => expect(screen.queryByText(/192\.0\.2\.8/)).not.toBeInTheDocument());
    expect(screen.getByRole('list', { name: 'sessions' })).toHaveFocus();
    expect(screen.queryByRole('button', { name: 'End all others' })).not.toBeInTheDocument();
  });

  test('ends all other sessions at once', async () => {
    const { user } = await open('/account');
    await user.click(await screen.findByRole('button', { name: 'End all others' }));
    await user.click(screen.getByRole('button', { name: 'Yes, end them' }));
    await waitFor(() => expect(listed('sessions').getAllByRole('listitem')).toHaveLength(1));
    expect(writes).toEqual([['DELETE /api/sessions', {}]]);
  });

  test('makes a token, shows it once, and revokes it', async () => {
    const { user } = await open('/account', account());
    const form = within(screen.getByRole('form', { name: 'New token' }));
    const roles = within(form.getByLabelText('Role')).getAllByRole('option');
    expect(roles.map(({ textContent }) => textContent)).toEqual(['Viewer', 'Responder']);
    await user.type(form.getByLabelText('Name'), 'Deploys');
    await user.selectOptions(form.getByLabelText('Role'), 'responder');
    await user.selectOptions(form.getByLabelText('Good for'), 'no end');
    await user.click(form.getByRole('button', { name: 'Create token' }));
    const secret = await screen.findByLabelText('The new token');
    expect(secret).toHaveValue('itk_secret');
    expect(secret).toHaveFocus();
    expect(writes).toEqual([
      ['POST /api/tokens', { name: 'Deploys', role: 'responder', expiresAt: null }],
    ]);
    await user.click(screen.getByRole('button', { name: 'Copy' }));
    expect(await navigator.clipboard.readText()).toBe('itk_secret');
    await user.click(screen.getByRole('button', { name: 'Done' }));
    expect(screen.queryByDisplayValue('itk_secret')).not.toBeInTheDocument();
    expect(listed('tokens').getByText(/never used/)).toHaveTextContent('does not end');
    await user.click(screen.getByRole('button', { name: 'Revoke Deploys' }));
    await user.click(screen.getByRole('button', { name: 'Yes, revoke it' }));
    expect(await screen.findByText('There are none.')).toBeVisible();
  });

  test('has no password to change where there is none', async () => {
    const linked = account({ hasPassword: false, linked: true });
    const { unmount } = await open('/account', linked, SSO);
    expect(
      await screen.findByText('You sign in with Example SSO, and have no password here.'),
    ).toBeVisible();
    expect(screen.queryByLabelText('Current password')).not.toBeInTheDocument();
    unmount();
    await open('/account', linked);
    expect(await screen.findByText(/^You have none\. An admin can make a link/)).toBeVisible();
  });

  test('does not exist where there are no accounts', async () => {
    renderApp('/account');
    expect(await screen.findByRole('heading', { name: 'There is no page here' })).toBeVisible();
  });
});

describe('the page of the people', () => {
  const role = (name: string) => screen.findByLabelText<HTMLSelectElement>(`Role of ${name}`);

  test('gives a role, and takes an account out of use and back', async () => {
    const { user } = await open('/people');
    await user.selectOptions(await role('Ben'), 'responder');
    expect(writes).toEqual([]);
    await user.click(screen.getByRole('button', { name: 'Make Ben responder' }));
    await waitFor(() =>
      expect(screen.queryByRole('button', { name: /^Make Ben/ })).not.toBeInTheDocument(),
    );
    expect(await role('Ben')).toHaveValue('responder');
    expect(await role('Ben')).toHaveFocus();
    await user.click(screen.getByRole('button', { name: 'Disable Ben' }));
    await user.click(screen.getByRole('button', { name: 'Yes, end their sessions' }));
    await user.click(await screen.findByRole('button', { name: 'Enable Ben' }));
    await screen.findByRole('button', { name: 'Disable Ben' });
    expect(writes).toEqual([
      ['PATCH /api/accounts/b2', { role: 'responder' }],
      ['PATCH /api/accounts/b2', { disabled: true }],
      ['PATCH /api/accounts/b2', { disabled: false }],
    ]);
  });

  test('leaves a role to the provider that decides it, and tells who comes by it', async () => {
    const linked = account({ id: 'c3', name: 'Cleo', email: 'cleo@example.org', linked: true });
    people = [ADMIN, BEN, linked];
    const { unmount } = await open('/people', ADMIN, { ...SSO, decidesRoles: true });
    expect(await screen.findByText(/cleo@example\.org · signs in with Example SSO/)).toBeVisible();
    expect(screen.getByText('Example SSO').closest('li')).toHaveTextContent(
      'Responder by Example SSO',
    );
    expect(screen.queryByLabelText('Role of Cleo')).not.toBeInTheDocument();
    expect(await role('Ben')).toBeVisible();
    expect(screen.getAllByText(/signs in with/)).toHaveLength(1);
    unmount();
    await open('/people', ADMIN, SSO);
    expect(await role('Cleo')).toBeVisible();
    expect(screen.queryByText('Example SSO')).not.toBeInTheDocument();
  });

  test('says nothing of a provider where there is none', async () => {
    people = [ADMIN, account({ id: 'c3', name: 'Cleo', linked: true })];
    await open('/people');
    expect(await role('Cleo')).toBeVisible();
    expect(screen.queryByText(/signs in with/)).not.toBeInTheDocument();
  });

  test('tells why the last admin stays one', async () => {
    const { user } = await open('/people');
    refused = refusal(409, 'last-admin', 'Somebody has to be an admin.');
    await user.selectOptions(await role('Ana'), 'viewer');
    await user.click(screen.getByRole('button', { name: 'Make Ana viewer' }));
    expect(await screen.findByText('Somebody has to be an admin.')).toBeVisible();
    await waitFor(async () => expect(await role('Ana')).toHaveValue('admin'));
  });

  test('invites by a link that is shown once, and withdraws it', async () => {
    const { user } = await open('/people');
    const form = within(screen.getByRole('form', { name: 'Invite' }));
    await user.type(form.getByLabelText('E-mail address'), 'cleo@example.org{Enter}');
    expect(await screen.findByLabelText('The link for cleo@example.org')).toHaveValue(
      'http://host/join#abc',
    );
    expect(writes).toEqual([
      ['POST /api/invitations', { email: 'cleo@example.org', role: 'responder' }],
    ]);
    await user.click(screen.getByRole('button', { name: /^Withdraw/ }));
    await user.click(screen.getByRole('button', { name: 'Yes, withdraw it' }));
    expect(await screen.findByText('No invitation is open.')).toBeVisible();
  });

  test('is for admins', async () => {
    await open('/people', account());
    expect(await screen.findByRole('heading', { name: 'Admins look after people' })).toBeVisible();
    expect(screen.getByRole('link', { name: 'Your account' })).toHaveAttribute('href', '/account');
  });
});

describe('the link of an invitation', () => {
  const terms = { email: 'ben@example.org', role: 'viewer', expiresAt: AT, isReset: false };

  function invited(part: Partial<typeof terms> = {}, signedIn: Account | null = null) {
    model = sessionServer(people, signedIn);
    server.use(
      http.post('/api/invitations/read', async ({ request }) => {
        const { token } = (await request.json()) as { token: string };
        return token === 'abc'
          ? HttpResponse.json({ ...terms, ...part })
          : refusal(404, 'unknown', 'There is no such invitation.');
      }),
      http.post('/api/invitations/accept', async ({ request }) => {
        writes.push(await request.json());
        if (refused) return refused;
        model.account = BEN;
        return HttpResponse.json(model.session(), { status: 201 });
      }),
    );
  }

  test('leads in, with a name and a password', async () => {
    invited();
    const { user, url } = renderApp('/join#abc');
    expect(await screen.findByRole('heading', { name: 'Join' })).toBeVisible();
    expect(screen.getByText(/is invited as viewer/)).toHaveTextContent('ben@example.org');
    expect(screen.getByLabelText('Your name')).toHaveFocus();
    await user.keyboard(`Ben{Tab}short{Enter}`);
    expect(screen.getByLabelText('Password')).toHaveFocus();
    await user.keyboard(`${GOOD}{Enter}`);
    expect(await screen.findByRole('button', { name: 'Your account: Ben' })).toBeVisible();
    expect(url()).toBe('/');
    expect(writes).toEqual([{ token: 'abc', name: 'Ben', password: `short${GOOD}` }]);
  });

  test('offers the way of the organisation beside a password', async () => {
    invited();
    model.methods = { password: true, oidc: SSO };
    renderApp('/join#abc');
    const link = await screen.findByRole('link', { name: 'Sign in with Example SSO' });
    expect(link).toHaveAttribute('href', '/api/oidc/start?to=%2F');
  });

  test('of an account that is there sets its password anew', async () => {
    invited({ isReset: true });
    const { user } = renderApp('/join#abc');
    expect(await screen.findByRole('heading', { name: 'Set a new password' })).toBeVisible();
    expect(screen.queryByLabelText('Your name')).not.toBeInTheDocument();
    await user.keyboard(`${GOOD}{Enter}`);
    expect(await screen.findByRole('button', { name: 'Your account: Ben' })).toBeVisible();
    expect(writes).toEqual([{ token: 'abc', password: GOOD }]);
  });

  test('opened by somebody else who is signed in leaves nothing of theirs', async () => {
    invited({ isReset: true }, ADMIN);
    const { user } = renderApp('/join#abc');
    await screen.findByRole('heading', { name: 'Set a new password' });
    await user.keyboard(`${GOOD}{Enter}`);
    await waitFor(() => expect(loadAnew).toHaveBeenCalledWith('/'));
  });

  test.each(['/join', '/join#old'])('%s is of no use', async (at) => {
    invited();
    renderApp(at);
    expect(await screen.findByRole('heading', { name: 'This link is of no use' })).toBeVisible();
  });

  test('keeps what was typed where the name is taken', async () => {
    invited();
    const { user } = renderApp('/join#abc');
    await screen.findByRole('heading', { name: 'Join' });
    const { body, init } = problem(422, { errors: { name: ['This name is taken.'] } });
    refused = HttpResponse.json(body, init);
    await user.keyboard(`Ana{Tab}${GOOD}{Enter}`);
    expect(await screen.findByText('This name is taken.')).toHaveClass('error');
    expect(screen.getByLabelText('Password')).toHaveValue(GOOD);
  });
});
