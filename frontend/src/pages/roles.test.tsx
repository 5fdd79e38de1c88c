import { screen, waitFor, within } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { beforeEach, expect, test } from 'vitest';
import type { Role } from '@/lib/session';
import { account, refusal, sessionServer } from '@/testing/accounts';
import { event, facets, incident, page } from '@/testing/incidents';
import { renderApp } from '@/testing/render-app';
import { server } from '@/testing/server';

const one = incident({ owner: 'Zoe', summary: 'It is slow.' });
let writes: string[];

beforeEach(() => {
  writes = [];
  const events = [
    event(one, 'created'),
    event(one, 'updated', { changes: { owner: [null, 'Zoe'] } }),
  ];
  server.use(
    http.get('/api/incidents', () => HttpResponse.json(page([one]))),
    http.get('/api/incidents/facets', () => HttpResponse.json(facets)),
    http.get('/api/incidents/:id', () => HttpResponse.json(one)),
    http.get('/api/incidents/:id/events', () =>
      HttpResponse.json({ items: events, nextCursor: null }),
    ),
    http.get('/api/services', () => HttpResponse.json({ items: [] })),
    http.all('/api/incidents/*', ({ request }) => {
      writes.push(request.method);
      return refusal(403, 'forbidden', 'This needs the role responder.');
    }),
  );
});

async function openAs(role: Role, at: string) {
  const ana = account({ role });
  const model = sessionServer([ana], ana);
  const app = renderApp(at);
  await screen.findByRole('button', { name: 'Your account: Ana' });
  await screen.findByText('Checkout answers 500');
  const demote = () => {
    model.account = { ...ana, role: 'viewer' };
  };
  return { ...app, demote };
}

test('a viewer has a list without what acts on it', async () => {
  const { user } = await openAs('viewer', '/');
  expect(screen.queryByRole('checkbox', { name: 'Select INC-42' })).not.toBeInTheDocument();
  expect(screen.queryByRole('checkbox', { name: 'Select the page' })).not.toBeInTheDocument();
  expect(screen.queryByRole('link', { name: /^New ?incident/ })).not.toBeInTheDocument();
  await user.keyboard('j');
  await waitFor(() =>
    expect(screen.getByRole('link', { name: 'Checkout answers 500' })).toHaveFocus(),
  );
  await user.keyboard('x');
  await user.keyboard('e');
  await user.keyboard('z');
  expect(screen.queryByRole('region', { name: 'Selection' })).not.toBeInTheDocument();
  expect(writes).toEqual([]);

  await user.keyboard('{Control>}k{/Control}');
  const palette = within(await screen.findByRole('dialog', { name: 'Command palette' }));
  expect(palette.getByRole('option', { name: /^Peek/ })).toBeVisible();
  expect(palette.getByRole('option', { name: /^Sign out/ })).toBeVisible();
  for (const name of [/^New incident/, /^Resolve\b/, /^Select/, /^Assign/, /^Undo/, /^People/]) {
    expect(palette.queryByRole('option', { name })).not.toBeInTheDocument();
  }
});

test('a viewer is told of no key that does nothing', async () => {
  const { user } = await openAs('viewer', '/');
  await user.click(screen.getByRole('button', { name: 'Keyboard shortcuts' }));
  const help = within(await screen.findByRole('dialog', { name: 'Keyboard shortcuts' }));
  expect(help.getByText('Peek')).toBeVisible();
  expect(help.queryByText('Resolve')).not.toBeInTheDocument();
  expect(help.queryByRole('heading', { name: /^Select/ })).not.toBeInTheDocument();
});

test('a viewer reads an incident, and is offered no change of it', async () => {
  await openAs('viewer', '/incidents/INC-42');
  await screen.findByText(/set the owner|assigned/i);
  expect(screen.queryByRole('button', { name: /^Edit/ })).not.toBeInTheDocument();
  expect(screen.queryByRole('group', { name: 'Status' })).not.toBeInTheDocument();
  expect(screen.queryByRole('button', { name: 'Assign to me' })).not.toBeInTheDocument();
  expect(screen.queryByRole('button', { name: 'Undo' })).not.toBeInTheDocument();
  expect(screen.queryByRole('textbox', { name: 'Comment' })).not.toBeInTheDocument();
});

test('a viewer who follows a link to the form is told who may use it', async () => {
  const ana = account({ role: 'viewer' });
  sessionServer([ana], ana);
  renderApp('/incidents/new');
  expect(await screen.findByRole('heading', { name: 'You may look, not change' })).toBeVisible();
});

test('a responder has all of it, and is told in words where that was taken from them', async () => {
  const { user, demote } = await openAs('responder', '/incidents/INC-42');
  const box = await screen.findByRole('textbox', { name: 'Comment' });
  expect(screen.getByRole('button', { name: 'Edit title' })).toBeVisible();
  expect(screen.getByRole('link', { name: /^New ?incident/ })).toBeVisible();
  await user.type(box, 'It was the disk.');
  demote();
  await user.click(screen.getByRole('button', { name: 'Comment' }));
  expect(await screen.findByText(/^This needs the role responder\./)).toHaveTextContent(
    'An admin can give you that role. It is kept in this browser.',
  );
  expect(screen.getByText('It was the disk.')).toBeVisible();
  expect(screen.queryByRole('button', { name: 'Edit title' })).not.toBeInTheDocument();
  expect(screen.queryByRole('button', { name: 'Retry' })).not.toBeInTheDocument();
  expect(screen.getByRole('button', { name: 'Discard' })).toBeVisible();
});

test('whoever may write no more still sees what they were writing', async () => {
  const { user, demote } = await openAs('responder', '/incidents/INC-42');
  await user.type(await screen.findByRole('textbox', { name: 'Comment' }), 'Half a thought.');
  demote();
  await user.click(screen.getByRole('button', { name: 'Assign to me' }));
  await waitFor(() =>
    expect(screen.queryByRole('textbox', { name: 'Comment' })).not.toBeInTheDocument(),
  );
  expect(screen.getByText('Half a thought.')).toBeVisible();
  expect(screen.getByText(/Your role does not allow comments any more/)).toBeVisible();
});

test('the form of somebody who may write no more keeps what was typed, and says why', async () => {
  const ana = account({ role: 'responder' });
  const model = sessionServer([ana], ana);
  server.use(
    http.post('/api/incidents', () => refusal(403, 'forbidden', 'This needs the role responder.')),
  );
  const { user } = renderApp('/incidents/new');
  await user.type(await screen.findByLabelText('Title'), 'Disk full');
  await user.type(screen.getByRole('combobox', { name: 'Service' }), 'checkout');
  await user.click(screen.getByLabelText(/SEV4/));
  model.account = { ...ana, role: 'viewer' };
  await user.keyboard('{Control>}{Enter}{/Control}');
  expect(await screen.findByText(/An admin can give you that role\./)).toBeVisible();
  expect(screen.getByLabelText('Title')).toHaveValue('Disk full');
});
