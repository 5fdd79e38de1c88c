import { act, screen, waitFor, within } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { applyUpdates } from '@/features/incidents/api/live-updates';
import type { Incident } from '@/features/incidents/model/incident';
import { event, facets, incident, page } from '@/testing/incidents';
import { renderApp } from '@/testing/render-app';
import { server } from '@/testing/server';

const TITLES = ['First', 'Second', 'Third', 'Fourth', 'Fifth', 'Sixth', 'Seventh', 'Eighth'];

let rows: Incident[];
/** Of `rows`, what the list has for a query. */
let listed: (q: string) => Incident[];
/** The numbers of the incidents whose histories were asked for, in order, and of those that were given up. */
let asked: number[];
let aborted: number[];
let hold: Promise<void>;
let patches: { number: number; body: unknown }[];

const numberOf = (id: unknown) => rows.find((row) => row.id === id)?.number ?? Number.NaN;

beforeEach(() => {
  window.history.replaceState(null, '');
  rows = TITLES.map((title, index) =>
    incident({ number: index + 1, title, summary: `Summary of **${title}**` }),
  );
  listed = () => rows;
  asked = [];
  aborted = [];
  patches = [];
  hold = Promise.resolve();
  server.use(
    http.get('/api/incidents', ({ request }) => {
      const query = new URL(request.url).searchParams;
      const second = query.get('page') === '2';
      const all = listed(query.get('q') ?? '');
      const items = second ? all.slice(6) : all.slice(0, 6);
      return HttpResponse.json(page(items, { page: second ? 2 : 1, total: 8, pages: 2 }));
    }),
    http.get('/api/incidents/facets', () => HttpResponse.json(facets)),
    http.get('/api/incidents/:id', ({ params }) =>
      HttpResponse.json(
        rows.find(({ id, number }) => [id, `INC-${number}`].includes(`${params.id}`)),
      ),
    ),
    http.get('/api/incidents/:id/events', async ({ params, request }) => {
      const number = numberOf(params.id);
      asked.push(number);
      request.signal.addEventListener('abort', () => aborted.push(number));
      await hold;
      const one = rows[number - 1] as Incident;
      const items = [
        event(one, 'created', { changeId: `c${number}`, actor: 'Ana' }),
        event(one, 'commented', { changeId: `d${number}`, comment: `Looked at ${one.title}` }),
      ];
      return HttpResponse.json({ items, nextCursor: null });
    }),
    http.patch('/api/incidents/:id', async ({ params, request }) => {
      const number = numberOf(params.id);
      const body = (await request.json()) as object;
      patches.push({ number, body });
      const before = rows[number - 1] as Incident;
      const after = { ...before, ...body, version: before.version + 1 };
      rows = rows.with(number - 1, after);
      return HttpResponse.json(after, { headers: { 'Change-Id': 'c-1' } });
    }),
  );
});

const peek = () => screen.getByRole('complementary');
const row = (title: string) => within(screen.getByRole('table')).getByRole('link', { name: title });
const focus = (title: string) => act(() => row(title).focus());
/** Longer than a row has to keep the focus before anything is asked for. */
const rest = () => act(() => new Promise((resolve) => setTimeout(resolve, 150)));

async function openAt(title: string, at = '/') {
  const app = renderApp(at);
  await screen.findByRole('link', { name: title });
  focus(title);
  await app.user.keyboard(' ');
  await screen.findByRole('complementary', { name: new RegExp(title) });
  return app;
}

describe('following the row that has the focus', () => {
  test('shows what the list knows at once, the history then, and leaves the focus where it is', async () => {
    let letGo = () => {};
    hold = new Promise((resolve) => {
      letGo = resolve;
    });
    await openAt('Second');
    expect(peek()).toHaveAccessibleName('INC-2 Second');
    expect(within(peek()).getByRole('link', { name: 'Second' })).toHaveAttribute(
      'href',
      '/incidents/INC-2',
    );
    expect(within(peek()).getByRole('status', { name: 'Loading the timeline' })).toBeVisible();
    expect(row('Second')).toHaveFocus();
    letGo();
    expect(await within(peek()).findByText('Looked at Second')).toBeVisible();
    // The newest first.
    expect(within(peek()).getAllByRole('listitem')[1]).toHaveTextContent('Ana opened INC-2');
    expect(await within(peek()).findByText('Second', { selector: 'strong' })).toBeVisible();

    focus('Third');
    expect(peek()).toHaveAccessibleName('INC-3 Third');
    expect(await within(peek()).findByText('Looked at Third')).toBeVisible();
    expect(within(peek()).queryByText('Looked at Second')).toBeNull();
    expect(row('Third')).toHaveFocus();
  });

  test('Space closes it, and opens it where the focus is by then', async () => {
    const { user } = await openAt('Second');
    await user.keyboard(' ');
    expect(screen.queryByRole('complementary')).toBeNull();
    focus('Fifth');
    expect(screen.queryByRole('complementary')).toBeNull();
    await user.keyboard(' ');
    expect(peek()).toHaveAccessibleName('INC-5 Fifth');
  });

  test('Escape closes it; from within, the focus goes back to the row', async () => {
    const { user } = await openAt('Second');
    await user.keyboard('{Escape}');
    expect(screen.queryByRole('complementary')).toBeNull();
    expect(row('Second')).toHaveFocus();
    await user.keyboard(' ');
    within(peek()).getByRole('button', { name: 'Mitigated' }).focus();
    await user.keyboard('{Escape}');
    expect(screen.queryByRole('complementary')).toBeNull();
    expect(row('Second')).toHaveFocus();
  });

  test('goes on with the row in the place of one that left', async () => {
    const { user } = await openAt('Second');
    await user.click(screen.getByRole('link', { name: 'Next page' }));
    // The link to a next page is gone, and the focus on the first row of the last one.
    await waitFor(() => expect(row('Seventh')).toHaveFocus());
    await waitFor(() => expect(peek()).toHaveAccessibleName('INC-7 Seventh'));
    expect(await within(peek()).findByText('Looked at Seventh')).toBeVisible();
    await waitFor(() => expect(asked).toContain(8));
  });
});

describe('asking ahead', () => {
  test('two rows on either side are there before they are looked at', async () => {
    await openAt('Third');
    await waitFor(() => expect(asked.toSorted()).toEqual([1, 2, 3, 4, 5]));
    expect(asked[0]).toBe(3);
    focus('Fourth');
    // Not only soon: in the same moment.
    expect(await within(peek()).findByText('Looked at Fourth')).toBeVisible();
    await waitFor(() => expect(asked.toSorted()).toEqual([1, 2, 3, 4, 5, 6]));
    expect(aborted).toEqual([]);
  });

  test('rows that fly by are not asked for', async () => {
    await openAt('First');
    await waitFor(() => expect(asked.toSorted()).toEqual([1, 2, 3]));
    for (const title of TITLES.slice(1, 6)) focus(title);
    await rest();
    await waitFor(() => expect(asked.toSorted()).toEqual([1, 2, 3, 4, 5, 6]));
    // 6 where it stopped, 5 and 4 beside it; nothing twice.
    expect(asked.slice(3).toSorted()).toEqual([4, 5, 6]);
    expect(asked[3]).toBe(6);
  });

  test('what is far behind is given up', async () => {
    hold = new Promise(() => {});
    await openAt('First');
    await waitFor(() => expect(asked.toSorted()).toEqual([1, 2, 3]));
    focus('Sixth');
    await waitFor(() => expect(aborted.toSorted()).toEqual([1, 2, 3]));
    await waitFor(() => expect(asked.slice(3).toSorted()).toEqual([4, 5, 6]));
    expect(aborted.toSorted()).toEqual([1, 2, 3]);
  });

  test('with the peek closed nothing is asked for', async () => {
    renderApp('/');
    await screen.findByRole('link', { name: 'First' });
    focus('First');
    focus('Second');
    await rest();
    expect(asked).toEqual([]);
  });
});

describe('what is shown', () => {
  test('changes as it happens', async () => {
    const { client } = await openAt('Second');
    await within(peek()).findByText('Looked at Second');
    const updates = applyUpdates(client);
    onTestFinished(() => updates.stop());
    const before = rows[1] as Incident;
    const now = { ...before, status: 'MITIGATED' as const, version: before.version + 1 };
    const news = event(now, 'updated', {
      changeId: 'later',
      changes: { status: ['OPEN', 'MITIGATED'] },
    });
    rows = rows.with(1, now);
    act(() =>
      updates.onEvents([
        { id: '9-9', event: 'updated', data: JSON.stringify({ ...news, incident: now }) },
      ]),
    );
    expect(await within(peek()).findByText(/marked it/)).toBeVisible();
    expect(within(peek()).getByRole('button', { name: 'Mitigated' })).toHaveAttribute(
      'aria-pressed',
      'true',
    );
  });

  test('is changed there as on its own page, and the change belongs to the row it was made on', async () => {
    const { user } = await openAt('Second');
    await user.click(within(peek()).getByRole('button', { name: 'Resolved' }));
    expect(within(peek()).getByRole('button', { name: 'Resolved' })).toHaveAttribute(
      'aria-pressed',
      'true',
    );
    focus('Third');
    expect(peek()).toHaveAccessibleName('INC-3 Third');
    expect(within(peek()).getByRole('button', { name: 'Resolved' })).toHaveAttribute(
      'aria-pressed',
      'false',
    );
    await waitFor(() => expect(patches).toEqual([{ number: 2, body: { status: 'RESOLVED' } }]));
  });

  test('says that the history could not be had, and tries again', async () => {
    let fails = true;
    server.use(
      http.get('/api/incidents/:id/events', () =>
        fails
          ? HttpResponse.json({ title: 'Busy', status: 500 }, { status: 500 })
          : HttpResponse.json({ items: [event(rows[1] as Incident, 'created')], nextCursor: null }),
      ),
    );
    const { user } = await openAt('Second');
    const retry = await within(peek()).findByRole('button', { name: 'Retry' });
    fails = false;
    await user.click(retry);
    expect(await within(peek()).findByText(/opened/)).toBeVisible();
  });
});

test('Back from the page of an incident finds the peek as it was', async () => {
  const { user, url } = await openAt('Second');
  await user.click(within(peek()).getByRole('link', { name: 'Second' }));
  expect(url()).toBe('/incidents/INC-2');
  await screen.findByRole('heading', { level: 1, name: 'Second' });
  await user.click(screen.getByRole('link', { name: 'Incidents' }));
  await waitFor(() => expect(row('Second')).toHaveFocus());
  expect(await screen.findByRole('complementary')).toHaveAccessibleName('INC-2 Second');
});

describe('a row that is not in the list', () => {
  const text = () => within(peek()).getByRole('group', { name: 'Summary' });
  const chip = () => screen.getByRole('button', { name: /^SEV1\s*\d/ });

  test('because it is another list: the first one of that is shown, and found again by Back', async () => {
    const { user, url } = await openAt('Second');
    listed = (q) => (q.includes('sev:1') ? rows.slice(3) : rows);
    await user.click(chip());
    await waitFor(() => expect(peek()).toHaveAccessibleName('INC-4 Fourth'));
    const list = url();
    await user.click(within(peek()).getByRole('link', { name: /^Open/ }));
    await screen.findByRole('heading', { level: 1, name: 'Fourth' });
    await user.click(screen.getByRole('link', { name: 'Incidents' }));
    await waitFor(() => expect(row('Fourth')).toHaveFocus());
    expect(url()).toBe(list);
  });

  test('nor is any other: the peek is there again once there are rows', async () => {
    const { user } = await openAt('Second');
    listed = (q) => (q.includes('sev:1') ? [] : rows);
    await user.click(chip());
    await waitFor(() => expect(screen.queryByRole('complementary')).toBeNull());
    await user.click(chip());
    expect(await screen.findByRole('complementary')).toHaveAccessibleName('INC-1 First');
  });

  test('after a page was turned from within the peek: keys are about what it shows', async () => {
    const { user, url } = await openAt('Second');
    text().focus();
    await user.keyboard(']');
    await waitFor(() => expect(peek()).toHaveAccessibleName('INC-7 Seventh'));
    expect(text()).toHaveFocus();
    await user.keyboard('e');
    await waitFor(() => expect(patches).toEqual([{ number: 7, body: { status: 'RESOLVED' } }]));
    await user.keyboard('{Enter}');
    expect(url()).toBe('/incidents/INC-7');
  });

  test('because it left: it stays, is what Enter opens, and Back leads to the list', async () => {
    const { user, url } = await openAt('Second');
    listed = () => rows.toSpliced(1, 1);
    chip().focus();
    await user.keyboard('.');
    await waitFor(() => expect(screen.queryByRole('row', { name: /Second/ })).toBeNull());
    expect(peek()).toHaveAccessibleName('INC-2 Second');
    const list = url();
    (await within(peek()).findByRole('group', { name: 'Summary' })).focus();
    await user.keyboard('{Enter}');
    expect(url()).toBe('/incidents/INC-2');
    await screen.findByRole('heading', { level: 1, name: 'Second' });
    await user.click(screen.getByRole('link', { name: 'Incidents' }));
    await screen.findByRole('link', { name: 'Third' });
    expect(url()).toBe(list);
  });
});

test('Back to a place that no page has looks for it once', async () => {
  const remembered = { search: '', scrollY: 300, rows: [], index: -1, before: 0, total: 8 };
  sessionStorage.setItem('lastOpened', JSON.stringify(remembered));
  const scrollTo = vi.spyOn(window, 'scrollTo');
  renderApp('/');
  await waitFor(() => expect(scrollTo).toHaveBeenCalledWith(0, 300));
});
