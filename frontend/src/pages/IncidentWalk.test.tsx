import { act, screen, waitFor, within } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Incident } from '@/features/incidents/model/incident';
import { facets, incident, page, problem } from '@/testing/incidents';
import { renderApp } from '@/testing/render-app';
import { server } from '@/testing/server';

const TITLES = ['First', 'Second', 'Third', 'Fourth', 'Fifth', 'Sixth'];

let rows: Incident[];
let lists: URLSearchParams[];
let patches: { number: number; body: unknown }[];
let total: number;

/** Six incidents, two to an answer. A cursor is the place where the next answer begins. */
beforeEach(() => {
  window.history.replaceState(null, '');
  rows = TITLES.map((title, index) => incident({ number: index + 1, title }));
  lists = [];
  patches = [];
  total = rows.length;
  const find = (id: unknown) => rows.find((row) => [row.id, `INC-${row.number}`].includes(`${id}`));
  server.use(
    http.get('/api/incidents', ({ request }) => {
      const query = new URL(request.url).searchParams;
      lists.push(query);
      const number = query.has('page') ? Number(query.get('page')) : null;
      const start = number === null ? Number(query.get('cursor')) : (number - 1) * 2;
      const end = start + 2;
      return HttpResponse.json(
        page(rows.slice(start, end), {
          page: number,
          perPage: 25,
          total,
          pages: 3,
          nextCursor: end < rows.length ? String(end) : null,
        }),
      );
    }),
    http.get('/api/incidents/facets', () => HttpResponse.json(facets)),
    http.get('/api/incidents/:id', ({ params }) => HttpResponse.json(find(params.id))),
    http.get('/api/incidents/:id/events', () => HttpResponse.json({ items: [], nextCursor: null })),
    http.patch('/api/incidents/:id', async ({ params, request }) => {
      const before = find(params.id) as Incident;
      const body = (await request.json()) as object;
      patches.push({ number: before.number, body });
      const after = { ...before, ...body, version: before.version + 1 };
      rows = rows.with(rows.indexOf(before), after);
      return HttpResponse.json(after, { headers: { 'Change-Id': `c-${patches.length}` } });
    }),
  );
});

const title = (name: string) => screen.findByRole('heading', { level: 1, name });
const walk = () => screen.getByRole('navigation', { name: 'The list it was opened from' });
const button = (name: string) => within(walk()).getByRole('button', { name });

async function openFromList(name: string, at = '/?per_page=25') {
  const app = renderApp(at);
  await app.user.click(await screen.findByRole('link', { name }));
  await title(name);
  return app;
}

describe('walking through the list from an incident', () => {
  test('goes by its order, with keys and with buttons, and says where it is', async () => {
    const { user, url } = await openFromList('First');
    expect(walk()).toHaveTextContent('1 of 6');
    expect(button('Previous incident')).toHaveAttribute('aria-disabled', 'true');
    await user.keyboard(']');
    await title('Second');
    expect(url()).toBe('/incidents/INC-2');
    expect(walk()).toHaveTextContent('2 of 6');
    await user.keyboard('[[');
    await title('First');
    await user.click(button('Next incident'));
    await title('Second');
  });

  test('keeps the order that was seen, whatever has become of the list', async () => {
    const { user, client } = await openFromList('First');
    rows = [incident({ number: 9, title: 'Newcomer' }), ...rows];
    await client.invalidateQueries({ refetchType: 'all' });
    await user.keyboard(']');
    await title('Second');
    expect(walk()).toHaveTextContent('2 of 6');
  });

  test('goes on past the page with what comes after its rows by then', async () => {
    const { user } = await openFromList('Second');
    await user.keyboard(']');
    await title('Third');
    expect(lists.at(-1)?.get('cursor')).toBe('2');
    expect(lists.at(-1)?.has('page')).toBe(false);
    expect(walk()).toHaveTextContent('3 of 6');
    await user.keyboard(']');
    await title('Fourth');
    await user.keyboard(']');
    await title('Fifth');
    await user.keyboard(']');
    await title('Sixth');
    expect(button('Next incident')).toHaveAttribute('aria-disabled', 'true');
    await user.keyboard(']');
    await title('Sixth');
    await user.keyboard('[[');
    await title('Fifth');
  });

  test('goes back before the page', async () => {
    const { user } = await openFromList('Third', '/?per_page=25&page=2');
    await user.keyboard('[[');
    await title('Second');
    expect(lists.at(-1)?.get('page')).toBe('1');
  });

  test('says when the rest of the list cannot be had, and tries again', async () => {
    const { user } = await openFromList('Second');
    const { body, init } = problem(503);
    let fails = true;
    server.use(
      http.get('/api/incidents', () =>
        fails
          ? HttpResponse.json(body, init)
          : HttpResponse.json(page(rows.slice(2, 4), { nextCursor: null })),
      ),
    );
    await user.keyboard(']');
    expect(await screen.findByText(/The list could not be loaded/)).toBeVisible();
    expect(screen.getByRole('heading', { level: 1 })).toHaveTextContent('Second');
    fails = false;
    await user.click(screen.getByRole('button', { name: 'Retry' }));
    await title('Third');
  });

  test('is not offered to whoever came by a link', async () => {
    const { user } = renderApp('/incidents/INC-2');
    await title('Second');
    expect(screen.queryByRole('navigation', { name: 'The list it was opened from' })).toBeNull();
    await user.keyboard(']');
    await title('Second');
  });
});

describe('the way back', () => {
  test('leads to the row of the incident that was last looked at', async () => {
    const { user, url } = await openFromList('First');
    await user.keyboard(']');
    await title('Second');
    await user.click(screen.getByRole('link', { name: 'Incidents' }));
    await waitFor(() => expect(screen.getByRole('link', { name: 'Second' })).toHaveFocus());
    expect(url()).toBe('/?per_page=25');
  });

  test('turns the page to it', async () => {
    // So many that the third is on the second page.
    const many = Array.from({ length: 27 }, (_, index) =>
      incident({ number: index + 1, title: `Row ${index + 1}` }),
    );
    rows = many;
    server.use(
      http.get('/api/incidents', ({ request }) => {
        const query = new URL(request.url).searchParams;
        const second = query.get('page') === '2' || query.has('cursor');
        return HttpResponse.json(
          page(second ? many.slice(25) : many.slice(0, 25), {
            page: query.has('cursor') ? null : second ? 2 : 1,
            perPage: 25,
            total: 27,
            pages: 2,
            nextCursor: second ? null : '25',
          }),
        );
      }),
    );
    const { user, url } = await openFromList('Row 25');
    await user.keyboard(']');
    await title('Row 26');
    await user.keyboard(']');
    await title('Row 27');
    await user.click(screen.getByRole('link', { name: 'Incidents' }));
    await waitFor(() => expect(screen.getByRole('link', { name: 'Row 27' })).toHaveFocus());
    expect(url()).toBe('/?page=2&per_page=25');
  });
});

describe('the keys of the list, on the page of an incident', () => {
  test('act on it, one after another, and leave the focus where it is', async () => {
    const { user } = await openFromList('First');
    const article = screen.getByRole('article');
    await waitFor(() => expect(article).toHaveFocus());
    await user.keyboard('ms1');
    await waitFor(() =>
      expect(patches).toEqual([
        { number: 1, body: { status: 'MITIGATED' } },
        { number: 1, body: { severity: 'SEV1' } },
      ]),
    );
    expect(screen.getByRole('button', { name: 'SEV1' })).toHaveAttribute('aria-pressed', 'true');
    expect(article).toHaveFocus();
  });

  test('a edits the owner in place', async () => {
    const { user } = await openFromList('First');
    await waitFor(() => expect(screen.getByRole('article')).toHaveFocus());
    await user.keyboard('a');
    expect(screen.getByRole('combobox', { name: 'Owner' })).toHaveFocus();
    await user.keyboard('Ana{Enter}');
    await waitFor(() => expect(patches).toEqual([{ number: 1, body: { owner: 'Ana' } }]));
  });

  test('act on the incident that was walked to, and not where something is typed', async () => {
    const { user } = await openFromList('First');
    await user.keyboard(']');
    await title('Second');
    await waitFor(() => expect(screen.getByRole('article')).toHaveFocus());
    act(() => screen.getByRole('textbox', { name: 'Comment' }).focus());
    await user.keyboard('e');
    act(() => screen.getByRole('article').focus());
    await user.keyboard('e');
    await waitFor(() => expect(patches).toEqual([{ number: 2, body: { status: 'RESOLVED' } }]));
    expect(screen.getByRole('textbox', { name: 'Comment' })).toHaveValue('e');
  });
});
