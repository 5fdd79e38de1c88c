import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { facets, incident, page, problem } from '@/testing/incidents';
import { renderApp } from '@/testing/render-app';
import { server } from '@/testing/server';

let lists: URLSearchParams[];
let facetCalls: URLSearchParams[];

beforeEach(() => {
  lists = [];
  facetCalls = [];
  server.use(
    http.get('/api/incidents', ({ request }) => {
      const query = new URL(request.url).searchParams;
      lists.push(query);
      const items = [
        incident(),
        incident({ number: 7, title: 'Disk full', owner: 'Ana', severity: 'SEV1' }),
      ];
      return HttpResponse.json(
        page(items, { total: 214, pages: 5, page: Number(query.get('page')) }),
      );
    }),
    http.get('/api/incidents/facets', ({ request }) => {
      facetCalls.push(new URL(request.url).searchParams);
      return HttpResponse.json(facets);
    }),
  );
});

const rows = () => screen.findAllByRole('row').then((all) => all.slice(1));

describe('opening the list', () => {
  test('shows the default view with one request for rows and one for counts', async () => {
    renderApp('/');
    const [first] = await rows();
    expect(
      within(first as HTMLElement).getByRole('link', { name: 'Checkout answers 500' }),
    ).toHaveAttribute('href', '/incidents/INC-42');
    expect(first).toHaveTextContent(/SEV2.*Open.*INC-42.*checkout-web.*Unassigned/);
    expect(lists.map(String)).toEqual([
      'q=status%3Aopen%2Cmitigated&page=1&per_page=50&sort_by=severity&order=desc',
    ]);
    expect(facetCalls.map(String)).toEqual(['q=status%3Aopen%2Cmitigated']);
    expect(screen.getAllByText('1–2 of 214').length).toBeGreaterThan(0);
  });

  test('asks for what the URL says', async () => {
    renderApp('/?q=sev:1+owner:none+disk&sort_by=title&order=asc&page=3');
    await rows();
    expect(Object.fromEntries(lists[0] ?? [])).toEqual({
      q: 'sev:1 owner:none disk',
      sort_by: 'title',
      order: 'asc',
      page: '3',
      per_page: '50',
    });
    expect(screen.getByRole('combobox', { name: 'Search incidents' })).toHaveValue(
      'sev:1 owner:none disk',
    );
    expect(screen.getByRole('columnheader', { name: 'Title' })).toHaveAttribute(
      'aria-sort',
      'ascending',
    );
  });

  test('the view that is shown is marked', async () => {
    renderApp('/?q=owner:none+sev:1+status:open,mitigated');
    await rows();
    const views = within(screen.getByRole('navigation', { name: 'Views' }));
    expect(views.getByRole('link', { current: 'page' })).toHaveTextContent('Unassigned');
  });
});

describe('filters', () => {
  test('a chip shows its count, filters, and goes back to page 1', async () => {
    const { user, url } = renderApp('/?page=2');
    const chip = await screen.findByRole('button', { name: /^SEV1/ });
    await waitFor(() => expect(chip).toHaveTextContent('SEV11'));
    await user.click(chip);
    expect(url()).toBe('/?q=status:open,mitigated+sev:1');
    expect(chip).toHaveAttribute('aria-pressed', 'true');
    await user.click(chip);
    expect(url()).toBe('/');
  });

  test('owners are chosen from a list that typing narrows; commas in names survive', async () => {
    const { user, url } = renderApp('/');
    await screen.findByRole('button', { name: /^SEV1/ });
    // Where there is little, it is counted all the same.
    expect(screen.getByRole('button', { name: /^Open/i })).not.toHaveTextContent('~');
    await user.click(screen.getByRole('button', { name: 'Owner' }));
    expect(await screen.findByRole('checkbox', { name: /Unassigned/ })).toBeInTheDocument();
    await user.type(screen.getByRole('textbox', { name: 'Find an owner' }), 'doe');
    expect(screen.queryByRole('checkbox', { name: /Unassigned/ })).toBeNull();
    // In Safari, the Enter that ends a composition.
    const find = screen.getByRole('textbox', { name: 'Find an owner' });
    fireEvent.keyDown(find, { key: 'Enter', keyCode: 229 });
    expect(find).toHaveValue('doe');
    await user.keyboard('{ArrowDown} ');
    const q = 'status:open,mitigated owner:"Doe, Jane"';
    expect(new URLSearchParams(url().slice(1)).get('q')).toBe(q);
    await waitFor(() => expect(lists.at(-1)?.get('q')).toBe(q));
  });

  test('Clear leads back to the defaults', async () => {
    const { user, url } = renderApp('/?q=sev:1+x&sort_by=title');
    await rows();
    await user.click(screen.getByRole('link', { name: 'Clear' }));
    expect(url()).toBe('/?sort_by=title');
    expect(screen.getByRole('combobox', { name: 'Search incidents' })).toHaveValue(
      'status:open,mitigated',
    );
  });

  test('Mine asks for a name, then shows what is theirs', async () => {
    const { user, url } = renderApp('/');
    await user.click(await screen.findByRole('button', { name: 'Mine' }));
    await user.type(await screen.findByRole('textbox', { name: 'Your name' }), 'Ana{Enter}');
    expect(url()).toBe('/?q=status:open,mitigated+owner:me');
    expect(screen.getByRole('link', { name: 'Mine' })).toHaveAttribute('aria-current', 'page');
  });
});

describe('search', () => {
  test('waits until typing rests, and keeps what is typed', async () => {
    const { user, url } = renderApp('/?q=&page=2');
    await rows();
    await user.type(screen.getByRole('combobox', { name: 'Search incidents' }), 'disk ');
    expect(lists).toHaveLength(1);
    await waitFor(() => expect(url()).toBe('/?q=disk'));
    expect(screen.getByRole('combobox', { name: 'Search incidents' })).toHaveValue('disk ');
    await waitFor(() => expect(lists.map((query) => query.get('q'))).toEqual([null, 'disk']));
  });

  test('Enter does not wait, and an incident key opens the incident', async () => {
    const { user, url } = renderApp('/?q=');
    await rows();
    await user.keyboard('/');
    expect(screen.getByRole('combobox', { name: 'Search incidents' })).toHaveFocus();
    await user.keyboard('disk{Enter}');
    expect(url()).toBe('/?q=disk');
    server.use(http.get('/api/incidents/INC-9', () => new HttpResponse(null, { status: 404 })));
    await user.clear(screen.getByRole('combobox', { name: 'Search incidents' }));
    await user.type(screen.getByRole('combobox', { name: 'Search incidents' }), 'inc-9{Enter}');
    expect(url()).toBe('/incidents/INC-9');
    await screen.findByRole('heading', { name: 'There is no incident INC-9' });
  });

  test('a request that nobody waits for any more is aborted', async () => {
    const aborted = vi.fn<() => void>();
    server.use(
      http.get('/api/incidents', async ({ request }) => {
        const q = new URL(request.url).searchParams.get('q');
        if (q !== 'slow') return HttpResponse.json(page([incident({ title: 'Newer' })]));
        request.signal.addEventListener('abort', aborted);
        await new Promise(() => {});
        return undefined;
      }),
    );
    const { user } = renderApp('/?q=slow');
    await user.click(screen.getByRole('button', { name: 'Clear the search' }));
    await screen.findByRole('link', { name: 'Newer' });
    expect(aborted).toHaveBeenCalledOnce();
  });
});

describe('counts that stopped', () => {
  test('say so in the range, the pages and the chips, and leave the way on open', async () => {
    server.use(
      http.get('/api/incidents', ({ request }) =>
        HttpResponse.json(
          page([incident()], {
            page: Number(new URL(request.url).searchParams.get('page')),
            total: 10_000,
            totalIsExact: false,
            pages: 200,
            nextCursor: 'more',
          }),
        ),
      ),
      http.get('/api/incidents/facets', () =>
        HttpResponse.json({
          ...facets,
          severity: [{ value: 'SEV3', count: 4500 }],
          estimated: ['severity', 'owner'],
        }),
      ),
    );
    const { user, url } = renderApp('/?q=timeout&page=200');
    expect((await screen.findAllByText('9,951–9,951 of 10,000+')).length).toBeGreaterThan(1);
    expect(screen.getByText('Page 200 of 200+')).toBeInTheDocument();
    await waitFor(() =>
      expect(screen.getByRole('button', { name: /^SEV3/ })).toHaveTextContent('SEV3~4,500'),
    );
    // Where there is little, it is counted all the same.
    expect(screen.getByRole('button', { name: /^Open/i })).not.toHaveTextContent('~');
    await user.click(screen.getByRole('button', { name: 'Owner' }));
    expect(screen.getByRole('checkbox', { name: /Unassigned/ }).closest('label')).toHaveTextContent(
      'Unassigned~4',
    );
    await user.keyboard('{Escape}]');
    expect(url()).toBe('/?q=timeout&page=201');
  });
});

describe('the export', () => {
  test('takes the filters and the order of the list, and every page', async () => {
    const { user } = renderApp('/?q=disk+sev:1,2+owner:"Doe, Jane"&sort_by=title&page=3');
    await rows();
    await user.click(screen.getByRole('button', { name: 'Export' }));
    expect(screen.getByText('Export all 214')).toBeInTheDocument();
    const links = screen
      .getAllByRole('link')
      .map((link) => new URL(link.getAttribute('href') ?? '', 'http://localhost'))
      .filter((link) => link.pathname === '/api/incidents/export');
    expect(links.map((link) => Object.fromEntries(link.searchParams))).toEqual(
      ['csv', 'ndjson'].map((format) => ({
        format,
        q: 'disk sev:1,2 owner:"Doe, Jane"',
        sort_by: 'title',
        order: 'desc',
      })),
    );
  });
});

describe('order and pages', () => {
  test('while another page is on its way the range is that of the rows on the screen', async () => {
    const { user, url } = renderApp('/');
    await rows();
    server.use(http.get('/api/incidents', () => new Promise<never>(() => {})));
    await user.keyboard(']');
    expect(url()).toBe('/?page=2');
    expect(screen.getAllByText('1–2 of 214').length).toBeGreaterThan(1);
    expect(screen.getByRole('table')).toHaveAttribute('aria-busy', 'true');
  });

  test('a click that is meant for another tab stays the browser’s own', async () => {
    const { user, url } = renderApp('/');
    const link = await screen.findByRole('link', { name: 'Disk full' });
    link.addEventListener('click', (event) => event.preventDefault());
    await user.keyboard('{Control>}');
    await user.click(link);
    await user.keyboard('{/Control}');
    expect(url()).toBe('/');
  });

  test('a header sorts, and turns round on the second press', async () => {
    const { user, url } = renderApp('/?page=2');
    await rows();
    await user.click(screen.getByRole('link', { name: 'Title' }));
    expect(url()).toBe('/?sort_by=title&order=asc');
    await user.click(screen.getByRole('link', { name: 'Title' }));
    expect(url()).toBe('/?sort_by=title');
  });

  test('an age runs against its date', async () => {
    renderApp('/?sort_by=createdAt');
    await rows();
    expect(screen.getByRole('columnheader', { name: 'Age' })).toHaveAttribute(
      'aria-sort',
      'ascending',
    );
  });

  test('keys and buttons turn pages, and stop at the ends', async () => {
    const { user, url } = renderApp('/?page=4');
    await rows();
    await user.keyboard(']');
    expect(url()).toBe('/?page=5');
    await waitFor(() =>
      expect(screen.getByRole('link', { name: 'Next page' })).toHaveAttribute(
        'aria-disabled',
        'true',
      ),
    );
    await user.keyboard(']');
    expect(url()).toBe('/?page=5');
    await user.keyboard('[[[[');
    expect(url()).toBe('/?page=3');
  });
});

describe('states', () => {
  const answer = (total: number) =>
    http.get('/api/incidents', ({ request }) => {
      const query = new URL(request.url).searchParams;
      const unfiltered =
        !query.get('q')?.includes('zz') && query.get('q') !== 'status:open,mitigated';
      return HttpResponse.json(page(unfiltered && total > 0 ? [incident()] : []));
    });

  test('an empty tracker offers the first incident', async () => {
    const none = { ...facets, status: facets.status.map(({ value }) => ({ value, count: 0 })) };
    server.use(
      answer(0),
      http.get('/api/incidents/facets', () => HttpResponse.json(none)),
    );
    renderApp('/');
    expect(await screen.findByRole('heading', { name: 'No incidents yet' })).toBeInTheDocument();
  });

  test('a quiet night is good news, and tells the last SEV1', async () => {
    server.use(answer(1));
    renderApp('/');
    expect(await screen.findByRole('heading', { name: 'No open incidents' })).toBeInTheDocument();
    expect(await screen.findByText(/^Last/)).toHaveTextContent('Checkout answers 500');
  });

  test('a filter too narrow can be cleared', async () => {
    server.use(answer(1));
    const { user, url } = renderApp('/?q=zzz');
    await screen.findByRole('heading', { name: 'Nothing matches' });
    const clear = screen.getAllByRole('link', { name: 'Clear' }).at(-1);
    await user.click(clear as HTMLElement);
    expect(url()).toBe('/');
  });

  test('after an empty answer the wait for the next is seen', async () => {
    server.use(
      http.get('/api/incidents', ({ request }) =>
        new URL(request.url).searchParams.get('q') === 'zz'
          ? HttpResponse.json(page([], { total: 0, pages: 0 }))
          : new Promise<never>(() => {}),
      ),
    );
    const { user } = renderApp('/?q=zz');
    await waitFor(() => expect(screen.getAllByText('0 of 0').length).toBeGreaterThan(0));
    await user.clear(screen.getByRole('combobox', { name: 'Search incidents' }));
    expect(await screen.findByRole('status', { name: 'Loading incidents' })).toBeInTheDocument();
  });

  test('the focus stays in the list when its row leaves', async () => {
    const { user } = renderApp('/');
    const link = await screen.findByRole('link', { name: 'Disk full' });
    link.focus();
    server.use(
      http.get('/api/incidents', () =>
        HttpResponse.json(page([incident(), incident({ number: 8, title: 'In its place' })])),
      ),
    );
    await user.keyboard('.');
    await waitFor(() => expect(screen.getByRole('link', { name: 'In its place' })).toHaveFocus());
  });

  test('a failure tells its request id and can be retried', async () => {
    const { body, init } = problem(500);
    server.use(http.get('/api/incidents', () => HttpResponse.json(body, init), { once: true }));
    const { user } = renderApp('/');
    const alert = await screen.findByRole('alert');
    expect(alert).toHaveTextContent('Problem 500.');
    expect(alert).toHaveTextContent('req-7');
    await user.click(within(alert).getByRole('button', { name: 'Retry' }));
    expect(await rows()).toHaveLength(2);
  });

  test('the help lists all keys, from the registry, and says which work here', async () => {
    const { user } = renderApp('/?page=2');
    await rows();
    await user.keyboard('?');
    const help = await screen.findByRole('dialog', { name: 'Keyboard shortcuts' });
    expect(within(help).getByText('Next page')).not.toHaveTextContent('not on this page');
    expect(within(help).getByText(/Save or send/)).toHaveTextContent('(not on this page)');
    await user.click(within(help).getByRole('checkbox', { name: /Single-letter shortcuts/ }));
    await user.click(within(help).getByRole('button', { name: 'Close' }));
    await user.keyboard(']');
    expect(lists.at(-1)?.get('page')).toBe('2');
  });
});
