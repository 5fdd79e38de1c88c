import { screen, waitFor, within } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { setDisplayName } from '@/lib/display-name';
import { loadAnew } from '@/lib/load-anew';
import { account, PASSWORD, SSO, sessionServer, throttled } from '@/testing/accounts';
import { facets, incident, page } from '@/testing/incidents';
import { renderApp } from '@/testing/render-app';
import { server } from '@/testing/server';

vi.mock('@/lib/load-anew');

const ana = account();
const ben = account({ id: 'b2', name: 'Ben', email: 'ben@example.org' });

let model: ReturnType<typeof sessionServer>;
let comments: Request[];

beforeEach(() => {
  vi.mocked(loadAnew).mockClear();
  model = sessionServer([ana, ben], null);
  comments = [];
  const one = incident();
  const guarded = (body: object) => (info: { request: Request }) =>
    model.guard(info.request) ?? HttpResponse.json(body);
  server.use(
    http.get('/api/incidents', guarded(page([one]))),
    http.get('/api/incidents/facets', guarded(facets)),
    http.get('/api/incidents/:id', guarded(one)),
    http.get('/api/incidents/:id/events', guarded({ items: [], nextCursor: null })),
    http.get('/api/views', ({ request }) => model.guard(request) ?? HttpResponse.error()),
    http.post('/api/views', ({ request }) => model.guard(request) ?? HttpResponse.error()),
    http.post('/api/incidents/:id/comments', async ({ request }) => {
      comments.push(request);
      const refused = model.guard(request);
      if (refused) return refused;
      const { body } = (await request.clone().json()) as { body: string };
      return HttpResponse.json({
        id: 7,
        incidentId: one.id,
        changeId: 'c7',
        type: 'commented',
        actor: 'Ana',
        at: '2025-03-04T15:05:00Z',
        changes: {},
        comment: body,
        changeSize: 1,
        revertsChangeId: null,
      });
    }),
  );
});

const form = {
  email: () => screen.getByLabelText('E-mail address'),
  password: () => screen.getByLabelText('Password'),
  button: () => screen.getByRole('button', { name: /^(Sign in|Try again)/ }),
};

describe('somebody who is not signed in', () => {
  test('signs in on the page that was asked for, and is there', async () => {
    const { user, url } = renderApp('/incidents/INC-42');
    expect(await screen.findByRole('heading', { name: 'Sign in' })).toBeVisible();
    expect(screen.queryByRole('banner')).not.toBeInTheDocument();
    expect(form.email()).toHaveFocus();
    expect(form.email()).toHaveAttribute('autocomplete', 'username');
    expect(form.password()).toHaveAttribute('autocomplete', 'current-password');
    await user.keyboard(`ana@example.org{Tab}${PASSWORD}{Enter}`);
    expect(await screen.findByRole('heading', { name: 'Checkout answers 500' })).toBeVisible();
    expect(url()).toBe('/incidents/INC-42');
    expect(screen.getByRole('button', { name: 'Your account: Ana' })).toBeVisible();
    expect(loadAnew).not.toHaveBeenCalled();
    expect(model.asked).toBe(1);
  });

  test('is told at the form that something is wrong, and tries again', async () => {
    const { user } = renderApp('/');
    await screen.findByLabelText('Password');
    await user.keyboard('{Enter}');
    expect(screen.getByRole('alert')).toHaveTextContent('Give your e-mail address');
    await user.keyboard('ana@example.org{Tab}wrong{Enter}');
    expect(await screen.findByText('The e-mail address or the password is wrong.')).toBeVisible();
    expect(form.password()).toHaveFocus();
    server.use(http.post('/api/session', () => HttpResponse.error(), { once: true }));
    await user.keyboard(`${PASSWORD}{Enter}`);
    expect(await screen.findByText('The server cannot be reached.')).toBeVisible();
    await user.keyboard('{Enter}');
    expect(await screen.findByRole('link', { name: 'Checkout answers 500' })).toBeVisible();
  });

  test('who has tried too often waits as long as the server says, and sees for how long', async () => {
    const { user } = renderApp('/');
    await screen.findByLabelText('Password');
    let tries = 0;
    server.use(
      http.post('/api/session', () => {
        tries += 1;
        return throttled(tries === 1 ? 2 : 754);
      }),
    );
    await user.keyboard('ana@example.org{Tab}wrong{Enter}');
    expect(
      await screen.findByText('Too many attempts to sign in. Try again in 2 seconds.'),
    ).toBeVisible();
    expect(form.button()).toHaveTextContent('Try again in 0:02');
    await user.keyboard('{Enter}');
    expect(tries).toBe(1);
    await waitFor(() => expect(form.button()).toHaveTextContent('Sign in'));
    await user.keyboard('{Enter}');
    expect(
      await screen.findByText('Too many attempts to sign in. Try again in 13 minutes.'),
    ).toBeVisible();
    expect(form.button()).toHaveTextContent('Try again in 12:34');
    expect(tries).toBe(2);
  });

  test('goes the way of the organisation, and back to where they were', async () => {
    model.methods = { password: false, oidc: SSO };
    renderApp('/?q=sev%3A1');
    const link = await screen.findByRole('link', { name: 'Sign in with Example SSO' });
    expect(link).toHaveAttribute('href', '/api/oidc/start?to=%2F%3Fq%3Dsev%253A1');
    expect(link).not.toHaveAttribute('target');
    expect(link).toHaveFocus();
    expect(screen.queryByLabelText('Password')).not.toBeInTheDocument();
  });

  test('may choose between a password and the way of the organisation', async () => {
    model.methods = { password: true, oidc: SSO };
    renderApp('/');
    expect(await screen.findByRole('link', { name: 'Sign in with Example SSO' })).toBeVisible();
    expect(form.email()).toHaveFocus();
  });

  test.each([
    ['unreachable', 'Example SSO does not answer. Try again in a while.'],
    ['cancelled', /was cancelled/],
    ['expired', /Start again\.$/],
    ['invalid', /^What Example SSO answered could not be verified\. Tell an admin/],
    ['unconfirmed', /does not say that your e-mail address is confirmed/],
    ['unknown', /^Nobody has invited your e-mail address\. Ask an admin/],
    ['no-role', /^Example SSO gives you no role here/],
    ['disabled', /^Your account is disabled/],
    ['taken', /An admin of this tracker can invite the address anew/],
    ['of-tomorrow', 'Signing in with Example SSO did not succeed. Try again.'],
  ])('who was not let in (%s) is told why', async (code, words) => {
    model.methods = { password: true, oidc: SSO };
    renderApp(`/sign-in?problem=${code}&to=%2Fincidents%2FINC-42`);
    const alert = await screen.findByRole('alert');
    expect(alert).toHaveTextContent(words);
    expect(alert).toHaveFocus();
    expect(screen.getByRole('link', { name: 'Sign in with Example SSO' })).toHaveAttribute(
      'href',
      '/api/oidc/start?to=%2Fincidents%2FINC-42',
    );
  });

  test('who was not let in comes to the page all the same, by another way', async () => {
    model.methods = { password: true, oidc: SSO };
    const { user, url } = renderApp('/sign-in?problem=unknown&to=%2Fincidents%2FINC-42%3Fa%3D1');
    await screen.findByRole('alert');
    await user.keyboard(`{Tab}ana@example.org{Tab}${PASSWORD}{Enter}`);
    expect(await screen.findByRole('heading', { name: 'Checkout answers 500' })).toBeVisible();
    expect(url()).toBe('/incidents/INC-42?a=1');
  });

  test('reads nothing about a way that the server does not offer', async () => {
    renderApp('/sign-in?problem=unknown');
    expect(await screen.findByLabelText('Password')).toBeVisible();
    expect(screen.queryByRole('alert')).not.toBeInTheDocument();
    expect(screen.queryByRole('link')).not.toBeInTheDocument();
  });

  test('was here before accounts were, under a name that is sent no more', async () => {
    setDisplayName('Zoe');
    model.account = ana;
    renderApp('/?q=owner%3Ame');
    expect(await screen.findByRole('link', { name: 'Checkout answers 500' })).toBeVisible();
    expect(screen.getByRole('button', { name: 'Your account: Ana' })).toBeVisible();
  });
});

test('what somebody else has not sent waits until they are back', async () => {
  model.account = ana;
  const { id } = incident();
  const unsent = { key: 'k1', body: 'By Ben.', actor: 'Ben', at: '2025', after: 0, error: null };
  localStorage.setItem(`outbox:${ben.id}:${id}`, JSON.stringify([unsent]));
  localStorage.setItem(`draft:comment:${ben.id}:${id}`, 'Half a thought of Ben.');
  const { user } = renderApp('/incidents/INC-42');
  const box = await screen.findByRole('textbox', { name: 'Comment' });
  expect(box).toHaveValue('');
  await user.type(box, 'By Ana.');
  await user.click(screen.getByRole('button', { name: 'Comment' }));
  await waitFor(() => expect(comments).toHaveLength(1));
  expect(await comments[0]?.json()).toEqual({ body: 'By Ana.' });
  expect(screen.queryByText('By Ben.')).not.toBeInTheDocument();
  expect(localStorage.getItem(`outbox:${ben.id}:${id}`)).toContain('By Ben.');
});

test('what was not sent is there under another name of the same account', async () => {
  model.account = { ...ana, name: 'Ana Silva' };
  const { id } = incident();
  const unsent = { key: 'k1', body: 'It hums.', actor: 'Ana', at: '2025', after: 0, error: 'No.' };
  localStorage.setItem(`outbox:${ana.id}:${id}`, JSON.stringify([unsent]));
  localStorage.setItem(`draft:comment:${ana.id}:${id}`, 'Half a thought.');
  const { user } = renderApp('/incidents/INC-42');
  expect(await screen.findByText('It hums.')).toBeVisible();
  expect(screen.getByRole('textbox', { name: 'Comment' })).toHaveValue('Half a thought.');
  await user.click(screen.getByRole('button', { name: 'Retry' }));
  await waitFor(() => expect(localStorage.getItem(`outbox:${ana.id}:${id}`)).toBeNull());
  expect(comments[0]?.headers.get('Idempotency-Key')).toBe('k1');
});

describe('a session that ends', () => {
  async function commentOn() {
    model.account = ana;
    const app = renderApp('/incidents/INC-42');
    const box = await screen.findByRole('textbox', { name: 'Comment' });
    await waitFor(() => expect(model.asked).toBe(1));
    await app.user.type(box, 'It was the disk.');
    model.end();
    await app.user.click(screen.getByRole('button', { name: 'Comment' }));
    const dialog = await screen.findByRole('dialog', { name: 'Sign in again' });
    return { ...app, dialog };
  }

  test('is asked for over the page, and what was sent goes on under its key', async () => {
    const { user, dialog } = await commentOn();
    expect(screen.getByRole('heading', { name: 'Checkout answers 500' })).toBeInTheDocument();
    expect(within(dialog).getByLabelText('E-mail address')).toHaveValue('ana@example.org');
    expect(within(dialog).getByLabelText('Password')).toHaveFocus();
    await user.keyboard(`${PASSWORD}{Enter}`);
    await waitFor(() => expect(dialog).not.toBeInTheDocument());
    await waitFor(() => expect(comments).toHaveLength(2));
    const keys = comments.map(({ headers }) => headers.get('Idempotency-Key'));
    expect(keys[1]).toBe(keys[0]);
    await waitFor(() => expect(screen.queryByText('Sending…')).not.toBeInTheDocument());
    expect(loadAnew).not.toHaveBeenCalled();
  });

  test('is asked for in another tab where one has no password here', async () => {
    const linked = account({ hasPassword: false, linked: true });
    model.methods = { password: true, oidc: SSO };
    model.account = linked;
    renderApp('/incidents/INC-42?from=mail');
    await screen.findByRole('textbox', { name: 'Comment' });
    await waitFor(() => expect(model.asked).toBe(1));
    model.end();
    localStorage.setItem('account', 'null');
    window.dispatchEvent(new StorageEvent('storage', { key: 'account' }));
    const dialog = within(await screen.findByRole('dialog', { name: 'Sign in again' }));
    const link = dialog.getByRole('link', { name: 'Sign in with Example SSO' });
    expect(link).toHaveFocus();
    expect(link).toHaveAttribute('target', '_blank');
    expect(dialog.getByText(/^That opens another tab/)).toBeVisible();
    expect(link).toHaveAttribute('href', '/api/oidc/start?to=%2Fincidents%2FINC-42%3Ffrom%3Dmail');
  });

  test('can be put off, to copy what was typed', async () => {
    const { user, dialog } = await commentOn();
    await user.click(within(dialog).getByRole('button', { name: 'Not now' }));
    expect(dialog).not.toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Sign in' }));
    expect(await screen.findByRole('dialog', { name: 'Sign in again' })).toBeVisible();
    await user.keyboard(`${PASSWORD}{Enter}`);
    await waitFor(() => expect(comments).toHaveLength(2));
    // The button that had it is gone.
    await waitFor(() => expect(screen.getByRole('main')).toHaveFocus());
  });

  test('in another tab is noticed in this one, and so is that it is back', async () => {
    model.account = ana;
    renderApp('/incidents/INC-42');
    await screen.findByRole('textbox', { name: 'Comment' });
    const inOtherTab = (stored: string) => {
      localStorage.setItem('account', stored);
      window.dispatchEvent(new StorageEvent('storage', { key: 'account' }));
    };
    await waitFor(() => expect(model.asked).toBe(1));
    model.end();
    inOtherTab('null');
    const dialog = await screen.findByRole('dialog', { name: 'Sign in again' });
    model.account = ana;
    inOtherTab(JSON.stringify(ana));
    await waitFor(() => expect(dialog).not.toBeInTheDocument());
  });

  test('where another person signs in, nothing of the first one stays', async () => {
    const { user, dialog } = await commentOn();
    const email = within(dialog).getByLabelText('E-mail address');
    await user.clear(email);
    await user.type(email, 'ben@example.org');
    await user.type(within(dialog).getByLabelText('Password'), `${PASSWORD}{Enter}`);
    await waitFor(() => expect(loadAnew).toHaveBeenCalledWith());
    expect(comments).toHaveLength(1);
  });
});

test('a view that is being saved keeps its name while one signs in again', async () => {
  model.account = ana;
  const { user } = renderApp('/?q=sev%3A1');
  await user.click(await screen.findByRole('button', { name: 'Save view' }));
  await user.type(await screen.findByLabelText('Name'), 'Worst');
  model.end();
  await user.keyboard('{Enter}');
  await screen.findByRole('dialog', { name: 'Sign in again' });
  await user.keyboard(`${PASSWORD}`);
  expect(screen.getByLabelText('Name')).toHaveValue('Worst');
});

test('an export waits until one has signed in again', async () => {
  const click = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => {});
  model.account = ana;
  const { user } = renderApp('/?q=sev%3A1');
  await screen.findByRole('link', { name: 'Checkout answers 500' });
  await waitFor(() => expect(model.asked).toBe(1));
  model.end();
  await user.click(screen.getByRole('button', { name: 'Export' }));
  await user.click(await screen.findByRole('link', { name: /^CSV/ }));
  await screen.findByRole('dialog', { name: 'Sign in again' });
  expect(click).not.toHaveBeenCalled();
  await user.type(form.password(), `${PASSWORD}{Enter}`);
  await waitFor(() => expect(click).toHaveBeenCalledOnce());
  const link = click.mock.contexts[0] as HTMLAnchorElement;
  expect(link.href).toContain('/api/incidents/export?format=csv&q=sev%3A1');
  expect(link).toHaveAttribute('download');
  click.mockRestore();
});

describe('the menu of the account', () => {
  test('tells who one is, and signs out', async () => {
    model.account = ana;
    const { user } = renderApp('/');
    await user.click(await screen.findByRole('button', { name: 'Your account: Ana' }));
    const menu = within(await screen.findByRole('dialog', { name: 'Your account' }));
    expect(menu.getByText('Ana').closest('p')).toHaveTextContent('Ana, responder');
    expect(menu.getByRole('link', { name: 'Account' })).toHaveAttribute('href', '/account');
    expect(menu.queryByRole('link', { name: 'People' })).not.toBeInTheDocument();
    await user.click(menu.getByRole('button', { name: 'Sign out' }));
    await waitFor(() => expect(loadAnew).toHaveBeenCalledWith('/'));
    expect(await screen.findByRole('heading', { name: 'Sign in' })).toBeVisible();
  });

  test('of an admin leads to the people', async () => {
    model.account = account({ role: 'admin' });
    const { user } = renderApp('/');
    await user.click(await screen.findByRole('button', { name: 'Your account: Ana' }));
    const menu = within(await screen.findByRole('dialog', { name: 'Your account' }));
    expect(menu.getByRole('link', { name: 'People' })).toHaveAttribute('href', '/people');
  });
});
