import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { facets, incident, page, problem } from '@/testing/incidents';
import { renderApp } from '@/testing/render-app';
import { server } from '@/testing/server';

let searches: string[];

beforeEach(() => {
  searches = [];
  server.use(
    http.get('/api/incidents', ({ request }) => {
      const query = new URL(request.url).searchParams;
      if (query.get('sort_by') !== 'updatedAt')
        return HttpResponse.json(page([incident(), incident({ number: 7, title: 'Disk full' })]));
      searches.push(query.get('search') ?? '');
      return HttpResponse.json(page([incident({ number: 9, title: 'Disk slow', owner: 'Ana' })]));
    }),
    http.get('/api/incidents/facets', () => HttpResponse.json(facets)),
    http.get('/api/incidents/:id', ({ params }) => {
      if (params.id === 'INC-42') return HttpResponse.json(incident());
      const { body, init } = problem(404);
      return HttpResponse.json(body, init);
    }),
    http.get('/api/incidents/:id/events', () => HttpResponse.json({ items: [], nextCursor: null })),
  );
});

const input = () => screen.findByRole('combobox', { name: 'Command, incident or text' });
// The list below has a choice of its own, of how many rows a page has.
const list = () => within(screen.getByRole('listbox', { name: 'What you can do' }));
const options = () =>
  list()
    .getAllByRole('option')
    .map(({ textContent }) => textContent);
const chosen = () => list().getByRole('option', { selected: true });
const group = (name: string) => within(screen.getByRole('group', { name }));

async function openFromRow(user: ReturnType<typeof renderApp>['user']) {
  const row = await screen.findByRole('link', { name: 'Disk full' });
  row.focus();
  await user.keyboard('{Control>}k{/Control}');
  await input();
  return row;
}

describe('opening', () => {
  test('offers what can be done here, and for the row that had the focus', async () => {
    const { user } = renderApp('/');
    await openFromRow(user);
    expect(group('INC-7').getByRole('option', { name: /^Peek/ })).toBe(chosen());
    expect(group('INC-7').getByRole('option', { name: 'Copy the link' })).toBeInTheDocument();
    expect(group('Views').getByRole('option', { name: 'Unassigned' })).toBeInTheDocument();
    expect(group('Commands').getByRole('option', { name: /^New incident/ })).toHaveTextContent('c');
    // Mine has no list before somebody says who they are; there is one page; nobody chooses Escape from a list.
    for (const name of [/Mine/, /page$/, /^Close/, /palette/i, /^Next row/])
      expect(list().queryByRole('option', { name })).toBeNull();
    expect(list().queryByRole('option', { name: 'Theme of the system' })).toBeNull();
  });

  test('without a row there is nothing to do to one', async () => {
    const { user } = renderApp('/');
    await screen.findByRole('link', { name: 'Disk full' });
    await user.click(screen.getByRole('button', { name: 'Command palette' }));
    await input();
    expect(list().queryByRole('option', { name: 'Copy the link' })).toBeNull();
  });

  test('opened from nowhere, it leaves the focus in the page, not at its top', async () => {
    const { user } = renderApp('/');
    await screen.findByRole('table');
    expect(document.body).toHaveFocus();
    await user.keyboard('{Control>}k{/Control}');
    await screen.findByRole('dialog', { name: 'Command palette' });
    await user.keyboard('{Control>}k{/Control}');
    await waitFor(() => expect(screen.getByRole('main')).toHaveFocus());
  });

  test('Escape, the same key and a click outside close it; the focus is back on its row', async () => {
    const { user } = renderApp('/');
    const row = await openFromRow(user);
    await user.keyboard('{Control>}k{/Control}');
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(row).toHaveFocus();
    await openFromRow(user);
    await user.click(screen.getByRole('button', { name: 'Close' }));
    expect(row).toHaveFocus();
    await openFromRow(user);
    fireEvent.click(screen.getByRole('dialog'));
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(row).toHaveFocus();
  });

  test('offers the incidents that were opened last', async () => {
    const { user, url } = renderApp('/incidents/INC-42');
    await screen.findByRole('heading', { level: 1 });
    await user.keyboard('gi');
    await openFromRow(user);
    await user.click(group('Recent').getByRole('option', { name: /Checkout answers 500/ }));
    expect(url()).toBe('/incidents/INC-42');
  });
});

describe('typing', () => {
  test('ranks, says how many there are, and runs the first', async () => {
    const { user, url } = renderApp('/');
    await openFromRow(user);
    await user.type(await input(), 'create');
    expect(chosen()).toHaveTextContent('New incident');
    expect(await input()).toHaveAttribute('aria-activedescendant', chosen().id);
    await waitFor(() => expect(screen.getByText('3 results')).toHaveAttribute('role', 'status'));
    await user.keyboard('{Enter}');
    expect(url()).toBe('/incidents/new');
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  test('arrows go round, and typing begins at the first again', async () => {
    const { user } = renderApp('/');
    await openFromRow(user);
    await user.type(await input(), 'theme');
    expect(options().slice(0, 2)).toEqual(['Light theme', 'Dark theme']);
    await user.keyboard('{ArrowDown}');
    expect(chosen()).toHaveTextContent('Dark theme');
    await user.keyboard('{ArrowUp}{ArrowUp}');
    expect(chosen()).toHaveTextContent('All incidents with “theme”');
    await user.keyboard('s');
    expect(chosen()).toBe(list().getAllByRole('option')[0]);
  });

  test('Enter belongs to an input method while it composes', async () => {
    const { user, url } = renderApp('/');
    await openFromRow(user);
    await user.type(await input(), 'new');
    fireEvent.keyDown(await input(), { key: 'Enter', isComposing: true });
    fireEvent.keyDown(await input(), { key: 'Enter', keyCode: 229 });
    expect(screen.getByRole('dialog')).toBeInTheDocument();
    expect(url()).toBe('/');
  });

  test('finds incidents by their text, asking once the typing rests', async () => {
    const { user, url } = renderApp('/');
    await openFromRow(user);
    await user.type(await input(), 'disk');
    // What was there before the answer stays where it is.
    expect(chosen()).toHaveTextContent('All incidents with “disk”');
    const found = await list().findByRole('option', { name: /Disk slow/ });
    expect(found).toHaveTextContent(/SEV2.*INC-9.*Open/);
    expect(searches).toEqual(['disk']);
    expect(chosen()).toHaveTextContent('All incidents with “disk”');
    await user.keyboard('{ArrowDown}{Enter}');
    expect(url()).toBe('/incidents/INC-9');
  });

  test('the list takes the search over', async () => {
    const { user, url } = renderApp('/?page=2');
    await openFromRow(user);
    await user.type(await input(), 'ünïcode & co{Enter}');
    const { searchParams } = new URL(url(), location.origin);
    expect(searchParams.get('q')).toBe('ünïcode & co');
  });

  test('a number leads to its incident, with its title where there is one', async () => {
    const { user, url } = renderApp('/');
    await openFromRow(user);
    await user.type(await input(), 'inc-99');
    expect(chosen()).toHaveTextContent('Open INC-99');
    await waitFor(() => expect(screen.queryByText('Open INC-99')).toBeNull());
    await user.clear(await input());
    await user.type(await input(), '42');
    expect(await list().findByRole('option', { name: /Checkout answers 500/ })).toBe(chosen());
    await user.keyboard('{Enter}');
    expect(url()).toBe('/incidents/INC-42');
  });

  test('Mod+Enter opens another tab, and a command all the same', async () => {
    const tab = vi.spyOn(window, 'open').mockReturnValue(null);
    const { user, url } = renderApp('/');
    const row = await openFromRow(user);
    await user.type(await input(), 'inc-42{Control>}{Enter}{/Control}');
    expect(tab).toHaveBeenCalledExactlyOnceWith('/incidents/INC-42', '_blank', 'noopener');
    expect(url()).toBe('/');
    expect(row).toHaveFocus();
    await openFromRow(user);
    await user.type(await input(), 'new{Control>}{Enter}{/Control}');
    expect(url()).toBe('/incidents/new');
  });

  test('switches views', async () => {
    const { user, url } = renderApp('/');
    await openFromRow(user);
    await user.type(await input(), 'unass{Enter}');
    expect(url()).toBe('/?q=status:open,mitigated+owner:none');
  });

  test('changes the theme, and then offers the others', async () => {
    const { user } = renderApp('/');
    await openFromRow(user);
    await user.type(await input(), 'dark{Enter}');
    expect(document.documentElement.dataset.theme).toBe('dark');
    await openFromRow(user);
    await user.type(await input(), 'theme');
    expect(options().slice(0, 2)).toEqual(['Theme of the system', 'Light theme']);
  });

  test('asks for the name', async () => {
    const { user } = renderApp('/');
    await openFromRow(user);
    await user.type(await input(), 'set your name{Enter}');
    expect(await screen.findByRole('textbox', { name: 'Your name' })).toHaveFocus();
  });
});

describe('commands on rows', () => {
  const acted = vi.fn<(id: unknown, patch: unknown) => void>();
  const disk = incident({ number: 7, title: 'Disk full' });

  beforeEach(() => {
    acted.mockClear();
    server.use(
      http.patch('/api/incidents/:id', async ({ params, request }) => {
        const patch = (await request.json()) as object;
        acted(params['id'], patch);
        return HttpResponse.json({ ...disk, ...patch, version: 2 });
      }),
    );
  });

  test('run on the row that had the focus', async () => {
    const { user } = renderApp('/');
    const row = await openFromRow(user);
    await user.type(await input(), 'close{Enter}');
    await waitFor(() => expect(acted).toHaveBeenCalled());
    expect(acted).toHaveBeenCalledExactlyOnceWith(disk.id, { status: 'RESOLVED' });
    expect(row).toHaveFocus();
  });

  test('find their row again where it was drawn anew, and do nothing where it is gone', async () => {
    const { user } = renderApp('/');
    const row = await openFromRow(user);
    const again = row.cloneNode(true) as HTMLElement;
    row.replaceWith(again);
    await user.type(await input(), 'resolve{Enter}');
    await waitFor(() => expect(acted).toHaveBeenCalled());
    expect(acted).toHaveBeenCalledExactlyOnceWith(disk.id, { status: 'RESOLVED' });

    acted.mockClear();
    again.focus();
    await user.keyboard('{Control>}k{/Control}');
    const line = again.closest('tr');
    await user.type(await input(), 'resolve');
    if (line) delete line.dataset.id;
    again.remove();
    await user.keyboard('{Enter}');
    expect(acted).not.toHaveBeenCalled();
    expect(await screen.findByText(/nothing was done/)).toBeInTheDocument();
  });
});
