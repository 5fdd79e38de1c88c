import { act, screen, waitFor, within } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { applyUpdates } from '@/features/incidents/api/live-updates';
import { BUILT_IN, rememberView, type View, type ViewList } from '@/features/incidents/model/views';
import { setDisplayName } from '@/lib/display-name';
import { setHomePath } from '@/lib/home';
import { facets, incident, page, problem } from '@/testing/incidents';
import { renderApp } from '@/testing/render-app';
import { server } from '@/testing/server';

const PAYMENTS: View = {
  id: 'v1',
  name: 'Payments',
  q: 'service:payments',
  sortBy: 'owner',
  order: 'desc',
  density: null,
  builtIn: false,
  count: 3,
  countIsExact: true,
};

/** The views as the server has them. */
let views: ViewList;
let asked: number;
let lists: string[];
let writes: string[];
/** What the server says to the next write instead of carrying it out. */
let refusal: ReturnType<typeof problem> | null;

/** Carries a write out unless it is to be refused. */
async function answer(request: Request, carryOut: (body: Partial<View> & ViewList) => unknown) {
  const text = await request.text();
  writes.push(`${request.method} ${new URL(request.url).pathname}`);
  expect(request.headers.get('Content-Type')).toBe('application/json');
  if (refusal) return HttpResponse.json(refusal.body, refusal.init);
  const done = carryOut(JSON.parse(text || '{}'));
  return done === undefined
    ? new HttpResponse(null, { status: 204 })
    : HttpResponse.json(done as object, { status: request.method === 'POST' ? 201 : 200 });
}

beforeEach(() => {
  views = {
    ...BUILT_IN,
    items: BUILT_IN.items.map((view) => Object.assign({}, view, { count: 2 })),
  };
  asked = 0;
  lists = [];
  writes = [];
  refusal = null;
  rememberView(null);
  server.use(
    http.get('/api/views', () => {
      asked += 1;
      return HttpResponse.json(views);
    }),
    http.post('/api/views', ({ request }) =>
      answer(request, (body) => {
        const view = { ...PAYMENTS, ...body, id: `v${asked + 10}`, count: 1 };
        views = { ...views, items: [...views.items, view] };
        return view;
      }),
    ),
    http.patch('/api/views', ({ request }) =>
      answer(request, (body) => {
        const order = body.order as unknown as string[] | undefined;
        const place = ({ id }: View) => order?.indexOf(id) ?? 0;
        const items = views.items.toSorted((a, b) => place(a) - place(b));
        views = { items, default: body.default ?? views.default };
        return views;
      }),
    ),
    http.patch('/api/views/:id', ({ request, params }) =>
      answer(request, (body) => {
        const items = views.items.map((view) =>
          view.id === params.id ? { ...view, ...body } : view,
        );
        views = { ...views, items };
        return items.find(({ id }) => id === params.id);
      }),
    ),
    http.delete('/api/views/:id', ({ request, params }) =>
      answer(request, () => {
        views = {
          items: views.items.filter(({ id }) => id !== params.id),
          default: views.default === params.id ? 'open' : views.default,
        };
      }),
    ),
    http.get('/api/incidents', ({ request }) => {
      lists.push(new URL(request.url).searchParams.get('q') ?? '');
      return HttpResponse.json(page([incident()]));
    }),
    http.get('/api/incidents/facets', () => HttpResponse.json(facets)),
  );
});

const strip = () => within(screen.getByRole('navigation', { name: 'Views' }));
const tabs = () =>
  strip()
    .getAllByRole('link')
    .map((tab) => tab.querySelector('.truncate')?.textContent);
const current = () => strip().getByRole('link', { current: 'page' });

function withPayments(part: Partial<View> = {}, first = 'open') {
  views = { items: [...views.items, { ...PAYMENTS, ...part }], default: first };
}

async function open(at: string) {
  const app = renderApp(at);
  await screen.findByRole('link', { name: 'Checkout answers 500' });
  await waitFor(() => expect(strip().getByRole('link', { name: /^All 2/ })).toBeVisible());
  return app;
}

async function openAll(user: Awaited<ReturnType<typeof open>>['user']) {
  await user.click(screen.getByRole('button', { name: 'All views' }));
  return within(await screen.findByRole('dialog', { name: 'All views' }));
}

describe('the tabs', () => {
  beforeEach(() => setDisplayName('Ana'));

  test('are there before the server answers, as they were the last time', async () => {
    withPayments({ count: 12_345 });
    const { unmount } = await open('/');
    expect(strip().getByRole('link', { name: /^Payments/ })).toHaveTextContent('Payments 12k');
    unmount();
    server.use(http.get('/api/views', () => new Promise<never>(() => {})));
    renderApp('/');
    expect(tabs()).toEqual(['Open', 'Mine', 'Unassigned', 'SEV1–2', 'Resolved', 'All', 'Payments']);
    expect(screen.getByRole('navigation', { name: 'Views' })).toHaveAttribute('data-stale');
    await screen.findByRole('link', { name: 'Checkout answers 500' });
  });

  test('stay the built-in ones where the server does not tell', async () => {
    server.use(http.get('/api/views', () => HttpResponse.error()));
    renderApp('/');
    await screen.findByRole('link', { name: 'Checkout answers 500' });
    expect(tabs()).toHaveLength(6);
  });

  test('are asked for again once after many events, and not while nobody looks', async () => {
    const { client } = await open('/');
    vi.useFakeTimers({ shouldAdvanceTime: true });
    try {
      const updates = applyUpdates(client);
      updates.onGap();
      await act(() => vi.advanceTimersByTimeAsync(2_100));
      updates.onGap();
      await act(() => vi.advanceTimersByTimeAsync(2_100));
      expect(asked).toBe(2);
      await act(() => vi.advanceTimersByTimeAsync(5_000));
      expect(asked).toBe(3);
      vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
      updates.onGap();
      await act(() => vi.advanceTimersByTimeAsync(20_000));
      expect(asked).toBe(3);
      updates.stop();
    } finally {
      vi.useRealTimers();
    }
  });

  test('keys go to them by their place, from every page', async () => {
    withPayments();
    const { user, url } = await open('/');
    await user.keyboard('g7');
    expect(url()).toBe('/?q=service:payments&sort_by=owner');
    expect(current()).toHaveTextContent('Payments');
    await user.keyboard('g2');
    expect(url()).toBe('/?q=status:open,mitigated+owner:me');
  });
});

describe('saving', () => {
  test('as new: what the list shows, under a name that nothing else has', async () => {
    const { user, url } = await open('/?q=sev:1&sort_by=title&order=asc');
    await user.click(screen.getByRole('button', { name: 'Save view' }));
    const name = await screen.findByRole('textbox', { name: 'Name' });
    await user.click(screen.getByRole('button', { name: 'Save as new' }));
    expect(name).toHaveAccessibleDescription('Give it a name.');
    expect(name).toHaveFocus();

    refusal = problem(422, { errors: { name: ['There is a view of this name already.'] } });
    await user.keyboard('Bad titles{Enter}');
    await waitFor(() =>
      expect(name).toHaveAccessibleDescription('There is a view of this name already.'),
    );
    refusal = problem(409, { detail: 'There are 50 saved views.' });
    await user.keyboard('{Enter}');
    await waitFor(() => expect(name).toHaveAccessibleDescription('There are 50 saved views.'));

    refusal = null;
    await user.click(screen.getByRole('checkbox', { name: 'Always with standard rows' }));
    await user.type(name, '{Enter}');
    await waitFor(() => expect(current()).toHaveTextContent('Bad titles'));
    expect(views.items.at(-1)).toMatchObject({
      name: 'Bad titles',
      q: 'sev:1',
      sortBy: 'title',
      order: 'asc',
      density: 'standard',
    });
    // What it shows is in its URL, and there is nothing more to save.
    expect(url()).toBe('/?q=sev:1&sort_by=title&order=asc&density=standard');
    expect(screen.queryByRole('button', { name: 'Save view' })).toBeNull();
    await waitFor(() => expect(current()).toHaveFocus());
  });

  test('what cannot be reached is told at the field, and nothing typed is lost', async () => {
    const { user } = await open('/?q=sev:1');
    await user.click(screen.getByRole('button', { name: 'Save view' }));
    const name = await screen.findByRole('textbox', { name: 'Name' });
    refusal = problem(500, { detail: 'It broke.' });
    await user.type(name, 'Worst{Enter}');
    await waitFor(() => expect(name).toHaveAccessibleDescription('It broke.'));
    expect(name).toHaveValue('Worst');
  });

  test('updates the view that was opened, however far the list went from it', async () => {
    withPayments();
    const { user } = await open('/?q=service:payments&sort_by=owner');
    await user.click(screen.getByRole('button', { name: /^SEV1/ }));
    const title = within(screen.getByRole('columnheader', { name: 'Title' }));
    await user.click(title.getByRole('link'));
    await user.click(screen.getByRole('button', { name: 'Save view' }));
    await user.click(await screen.findByRole('button', { name: /^Update.*Payments/ }));
    await waitFor(() => expect(current()).toHaveTextContent('Payments'));
    expect(screen.queryByRole('button', { name: 'Save view' })).toBeNull();
    expect(views.items.at(-1)).toMatchObject({ q: 'service:payments sev:1', sortBy: 'title' });
    expect(writes).toEqual(['PATCH /api/views/v1']);
  });

  test('the rows of a view with a height of its own leave those of other lists alone', async () => {
    withPayments({ density: 'compact' });
    const { user, url } = await open('/');
    const height = () => screen.getByRole('table').closest('[data-density]');
    await user.click(strip().getByRole('link', { name: /^Payments/ }));
    expect(url()).toBe('/?q=service:payments&sort_by=owner&density=compact');
    expect(height()).toHaveAttribute('data-density', 'compact');
    await user.click(screen.getByRole('button', { name: 'comfortable rows' }));
    expect(height()).toHaveAttribute('data-density', 'comfortable');
    await user.click(strip().getByRole('link', { name: /^Open/ }));
    expect(height()).toHaveAttribute('data-density', 'standard');
  });
});

describe('all views', () => {
  test('keys move one; it is told, kept, and taken back where the server refuses', async () => {
    withPayments();
    const { user } = await open('/');
    const dialog = await openAll(user);
    dialog.getByRole('link', { name: /^Payments/ }).focus();
    await user.keyboard('{Alt>}{ArrowUp}{ArrowUp}{/Alt}');
    expect(dialog.getByRole('status')).toHaveTextContent('Payments is number 5 of 7 now.');
    expect(dialog.getByRole('link', { name: /^Payments/ })).toHaveFocus();
    await waitFor(() => expect(views.items.map(({ id }) => id).indexOf('v1')).toBe(4));
    await waitFor(() => expect(tabs().indexOf('Payments')).toBe(3));

    refusal = problem(503, { detail: 'Busy.' });
    await user.keyboard('{Alt>}{ArrowUp}{/Alt}');
    expect(await screen.findByText(/stay in their order/)).toBeVisible();
    await waitFor(() => expect(tabs().indexOf('Payments')).toBe(3));
  });

  test('a name that is taken is told at the field; one that is not is there at once', async () => {
    withPayments();
    const { user } = await open('/');
    const dialog = await openAll(user);
    await user.click(dialog.getByRole('button', { name: 'Change Payments' }));
    await user.click(dialog.getByRole('button', { name: 'Rename' }));
    const field = dialog.getByRole('textbox', { name: 'New name of Payments' });
    expect(field).toHaveFocus();
    refusal = problem(422, { errors: { name: ['There is a view of this name already.'] } });
    await user.keyboard('Open{Enter}');
    await waitFor(() =>
      expect(field).toHaveAccessibleDescription('There is a view of this name already.'),
    );
    refusal = null;
    await user.clear(field);
    await user.type(field, 'Money{Enter}');
    await waitFor(() => expect(tabs().at(-1)).toBe('Money'));
    expect(dialog.getByRole('button', { name: 'Rename' })).toHaveFocus();
  });

  test('the built-in ones are neither renamed nor deleted', async () => {
    const { user } = await open('/');
    const dialog = await openAll(user);
    await user.click(dialog.getByRole('button', { name: 'Change Resolved' }));
    const actions = within(dialog.getByRole('group', { name: 'Resolved' }));
    expect(actions.getAllByRole('button').map((button) => button.textContent)).toEqual([
      'Make default',
      'Copy link',
      '',
      '',
    ]);
  });

  test('what was deleted comes back at its place, as the default that it was', async () => {
    withPayments({}, 'v1');
    const { user } = await open('/?q=');
    const dialog = await openAll(user);
    dialog.getByRole('link', { name: /^Payments/ }).focus();
    await user.keyboard('{Alt>}{ArrowUp}{/Alt}');
    await waitFor(() => expect(views.items.at(-2)?.id).toBe('v1'));
    await user.click(dialog.getByRole('button', { name: 'Change Payments' }));
    await user.click(dialog.getByRole('button', { name: 'Delete' }));
    expect(tabs()).not.toContain('Payments');
    expect(dialog.getByRole('link', { name: /^All/ })).toHaveFocus();
    await waitFor(() => expect(views.items).toHaveLength(6));
    await user.click(await screen.findByRole('button', { name: 'Undo' }));
    await waitFor(() =>
      expect(views.items.at(-2)).toMatchObject({ name: 'Payments', q: PAYMENTS.q }),
    );
    expect(views.default).toBe(views.items.at(-2)?.id);
    await waitFor(() => expect(tabs().at(-2)).toBe('Payments'));
  });
});

describe('the default', () => {
  test('is where / leads, before the first request', async () => {
    withPayments({}, 'v1');
    setHomePath('/?q=service:payments&sort_by=owner');
    const { url } = await open('/');
    expect(url()).toBe('/?q=service:payments&sort_by=owner');
    expect(lists).toEqual(['service:payments']);
    expect(strip().getByRole('link', { name: /^Open/ })).toHaveAttribute(
      'href',
      '/?q=status:open,mitigated',
    );
    expect(screen.getByRole('link', { name: /^Incident Tracker/ })).toHaveAttribute('href', url());
  });

  test('of another browser is gone to once it is known', async () => {
    withPayments({}, 'v1');
    const { url, unmount } = await open('/');
    await waitFor(() => expect(url()).toBe('/?q=service:payments&sort_by=owner'));
    unmount();
    // And away from again, where it is the default no more.
    views = { ...views, default: 'open' };
    const again = await open('/');
    await waitFor(() => expect(again.url()).toBe('/?q=status:open,mitigated'));
    again.unmount();
    const last = await open('/');
    expect(last.url()).toBe('/');
  });

  test('does not take anybody away from what they have begun', async () => {
    withPayments({}, 'v1');
    let tell = () => {};
    const told = new Promise<void>((resolve) => {
      tell = resolve;
    });
    server.use(
      http.get('/api/views', async () => {
        await told;
        return HttpResponse.json(views);
      }),
    );
    const { user, url } = renderApp('/');
    await screen.findByRole('link', { name: 'Checkout answers 500' });
    await user.keyboard('j');
    tell();
    await waitFor(() => expect(tabs()).toContain('Payments'));
    await waitFor(() => expect(url()).toBe('/?q=status:open,mitigated'));
    await user.keyboard('gi');
    expect(url()).toBe('/?q=service:payments&sort_by=owner');
  });

  test('is chosen in the list of views, which changes nothing that is shown', async () => {
    withPayments();
    const { user, url } = await open('/');
    const dialog = await openAll(user);
    await user.click(dialog.getByRole('button', { name: 'Change Payments' }));
    await user.click(dialog.getByRole('button', { name: 'Make default' }));
    await waitFor(() => expect(views.default).toBe('v1'));
    await waitFor(() => expect(url()).toBe('/?q=status:open,mitigated'));
    expect(lists).toEqual(['status:open,mitigated']);
    expect(dialog.getByRole('link', { name: /^Payments default/ })).toBeVisible();
  });
});
