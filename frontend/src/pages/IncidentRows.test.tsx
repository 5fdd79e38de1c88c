import { act, screen, waitFor, within } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { type Incident, incidentKey } from '@/features/incidents/model/incident';
import { tellNews } from '@/features/incidents/model/news';
import { setSingleKeys } from '@/lib/commands';
import { facets, incident, news, page, problem } from '@/testing/incidents';
import { renderApp } from '@/testing/render-app';
import { server } from '@/testing/server';

const PAGES = 4;
const PER_PAGE = 5;

let changes: unknown[];
let rowsOf: (page: number) => Incident[];

beforeEach(() => {
  changes = [];
  rowsOf = (number) =>
    Array.from({ length: PER_PAGE }, (_, index) => {
      const own = (number - 1) * PER_PAGE + index + 1;
      return incident({ number: own, title: `Row ${own}`, severity: own === 2 ? 'SEV1' : 'SEV3' });
    });
  server.use(
    http.get('/api/incidents', ({ request }) => {
      const number = Number(new URL(request.url).searchParams.get('page'));
      return HttpResponse.json(
        page(rowsOf(number), { page: number, total: 18, pages: PAGES, perPage: PER_PAGE }),
      );
    }),
    http.get('/api/incidents/facets', () => HttpResponse.json(facets)),
    http.get('/api/views', () => new HttpResponse(null, { status: 404 })),
    http.post('/api/incidents/bulk', async ({ request }) => {
      const body = (await request.json()) as { dryRun?: boolean; ids?: string[]; set: object };
      changes.push(body);
      const matched = body.ids?.length ?? 13;
      // Nine of them are resolved already, and two of them are SEV1.
      const changed = 'severity' in body.set ? matched - 2 : matched - (body.ids ? 0 : 9);
      const changeId = body.dryRun ? null : '0190-bulk';
      return HttpResponse.json({ changeId, matched, changed, items: [] });
    }),
    http.get('/api/changes/:id', () => new HttpResponse(null, { status: 404 })),
  );
});

async function open(at = '/') {
  const app = renderApp(at);
  await screen.findByRole('table');
  return app;
}

const link = (number: number) => screen.getByRole('link', { name: `Row ${number}` });
const box = (number: number) => screen.getByRole('checkbox', { name: `Select INC-${number}` });
const bar = () => screen.getByRole('region', { name: 'Selection' });
const stops = () => [...document.querySelectorAll('.row-link[tabindex="0"]')];

function chosen(): string[] {
  return screen
    .getAllByRole<HTMLInputElement>('checkbox', { name: /^Select INC/, checked: true })
    .map((one) => one.getAttribute('aria-label') ?? '');
}

const keysOf = (...numbers: number[]) =>
  numbers.map((number) => `Select ${incidentKey({ number })}`);

describe('the focus among rows', () => {
  test('one row is a tab stop, and it is the one that had the focus last', async () => {
    const { user } = await open();
    expect(stops()).toEqual([link(1)]);
    await user.keyboard('j');
    expect(link(1)).toHaveFocus();
    await user.keyboard('jj{ArrowDown}k');
    expect(link(3)).toHaveFocus();
    expect(stops()).toEqual([link(3)]);
    // Its box comes before it, and nothing of the other rows does.
    await user.tab({ shift: true });
    expect(box(3)).toHaveFocus();
    await user.tab({ shift: true });
    expect(screen.getByRole('link', { name: 'Updated' })).toHaveFocus();
    await user.tab();
    await user.tab();
    expect(link(3)).toHaveFocus();
    await user.keyboard('{End}j');
    expect(link(5)).toHaveFocus();
    expect(screen.getByText(/^Last row\./)).toHaveTextContent('The ] key turns the page.');
    await user.keyboard('{Home}k');
    expect(link(1)).toHaveFocus();
  });

  test('the key that leads into the rows is a letter, which can be turned off; the arrows in them stay', async () => {
    setSingleKeys(false);
    const { user } = await open();
    await user.keyboard('j');
    expect(document.body).toHaveFocus();
    link(1).focus();
    await user.keyboard('j{ArrowDown}');
    expect(link(2)).toHaveFocus();
  });

  test('Enter opens the row with the focus', async () => {
    server.use(http.get('/api/incidents/INC-3', () => new HttpResponse(null, { status: 404 })));
    const { user, url } = await open();
    await user.keyboard('jjj{Enter}');
    expect(url()).toBe('/incidents/INC-3');
  });

  test('another page begins at its first row; where the focus is elsewhere it stays there', async () => {
    const { user } = await open();
    await user.keyboard('jjj]');
    await waitFor(() => expect(link(6)).toHaveFocus());
    expect(stops()).toEqual([link(6)]);
    const next = screen.getByRole('link', { name: 'Next page' });
    await user.click(next);
    await screen.findByRole('link', { name: 'Row 11' });
    expect(screen.getByRole('link', { name: 'Next page' })).toHaveFocus();
    expect(stops()).toEqual([link(11)]);
  });

  test('the row that takes the place of one that has left has it', async () => {
    const { user } = await open();
    await user.keyboard('jjj');
    const before = rowsOf;
    rowsOf = (number) => before(number).filter((one) => one.number !== 3);
    await user.keyboard('.');
    await waitFor(() => expect(link(4)).toHaveFocus());
    expect(stops()).toEqual([link(4)]);
  });
});

describe('the selection', () => {
  test('by keys: one, a range that shrinks again, the page', async () => {
    const { user } = await open();
    await user.keyboard('jx');
    expect(chosen()).toEqual(keysOf(1));
    await user.keyboard('jj{Shift>}jj{ArrowUp}{/Shift}');
    expect(link(4)).toHaveFocus();
    expect(chosen()).toEqual(keysOf(1, 3, 4));
    expect(bar()).toHaveTextContent('3 selected');
    await user.keyboard('{Control>}a{/Control}');
    expect(chosen()).toEqual(keysOf(1, 2, 3, 4, 5));
    await user.keyboard('x');
    expect(chosen()).toEqual(keysOf(1, 2, 3, 5));
  });

  test('by the mouse: a box, a range with Shift, the box of the page', async () => {
    const { user } = await open();
    const all = screen.getByRole<HTMLInputElement>('checkbox', { name: 'Select the page' });
    await user.click(box(2));
    await user.keyboard('{Shift>}');
    await user.click(box(4));
    await user.keyboard('{/Shift}');
    expect(chosen()).toEqual(keysOf(2, 3, 4));
    expect(all).toBePartiallyChecked();
    await user.click(all);
    expect(all).toBeChecked();
    await user.click(all);
    expect(screen.queryByRole('region', { name: 'Selection' })).toBeNull();
  });

  test('outlives another page and what comes live, and tells of those out of sight', async () => {
    const { user } = await open();
    await user.keyboard('jxjx]');
    await waitFor(() => expect(link(6)).toHaveFocus());
    await user.keyboard('x');
    expect(bar()).toHaveTextContent('3 selected2 on other pages');
    act(() => tellNews([news(incident({ number: 1, version: 2, status: 'RESOLVED' }))]));
    expect(bar()).toHaveTextContent('3 selected1 on other pages, 1 no longer in this list');
    await user.keyboard('[[');
    await screen.findByRole('link', { name: 'Row 1' });
    expect(chosen()).toEqual(keysOf(1, 2));
  });

  test('ends with another filter, and is back with the first one', async () => {
    const { user } = await open();
    await user.keyboard('jx');
    await user.click(screen.getByRole('button', { name: /^SEV3/ }));
    expect(screen.queryByRole('region', { name: 'Selection' })).toBeNull();
    await user.click(screen.getByRole('button', { name: /^SEV3/ }));
    expect(bar()).toHaveTextContent('1 selected');
  });

  test('is there again after the list was left', async () => {
    const first = await open();
    await first.user.keyboard('jxjx');
    first.unmount();
    await open();
    expect(chosen()).toEqual(keysOf(1, 2));
  });

  test('its bar names the keys that work, and no others', async () => {
    const { user } = await open();
    await user.keyboard('jx');
    const severity = within(bar()).getByRole('button', { name: /^Severity/ });
    const clear = within(bar()).getByRole('button', { name: 'Clear the selection' });
    expect([severity.textContent, clear.textContent]).toEqual(['Severitys', 'ClearEsc']);
    act(() => setSingleKeys(false));
    expect([severity.textContent, clear.textContent]).toEqual(['Severity', 'ClearEsc']);
  });

  test('Escape gives it up, and the focus is never lost with the bar', async () => {
    const { user } = await open();
    await user.keyboard('jjx{Escape}');
    expect(screen.queryByRole('region', { name: 'Selection' })).toBeNull();
    expect(link(2)).toHaveFocus();
    await user.keyboard('x');
    await user.click(within(bar()).getByRole('button', { name: 'Clear the selection' }));
    await waitFor(() => expect(link(2)).toHaveFocus());
  });

  test('what the bar covers cannot have the focus', async () => {
    const { user } = await open();
    await user.keyboard('jx');
    await user.tab({ shift: true });
    await user.tab({ shift: true });
    expect(screen.getByRole('checkbox', { name: 'Select the page' })).toHaveFocus();
    await user.tab({ shift: true });
    expect(bar()).toContainElement(document.activeElement as HTMLElement);
  });
});

describe('the header', () => {
  test('has no row, so the keys of rows do nothing there, and j leads back to the last one', async () => {
    const { user } = await open();
    await user.keyboard('jjj');
    await user.tab({ shift: true });
    await user.tab({ shift: true });
    expect(screen.getByRole('link', { name: 'Updated' })).toHaveFocus();
    await user.keyboard('xe');
    expect(changes).toEqual([]);
    expect(screen.queryByRole('region', { name: 'Selection' })).toBeNull();
    expect(screen.queryByText(/no longer in this list/)).toBeNull();
    await user.keyboard('j');
    expect(link(3)).toHaveFocus();
  });

  test('has the box of the page, from which keys act on what it chose, and on no single row', async () => {
    const { user } = await open();
    await user.keyboard('jjj');
    await user.click(screen.getByRole('checkbox', { name: 'Select the page' }));
    await user.keyboard('x');
    expect(bar()).toHaveTextContent('5 selected');
    await user.keyboard('j');
    expect(link(3)).toHaveFocus();
    screen.getByRole('checkbox', { name: 'Select the page' }).focus();
    await user.keyboard('m');
    expect(await screen.findByRole('dialog', { name: 'Mitigate 5 incidents?' })).toBeVisible();
  });
});

describe('acting on the selection', () => {
  test('goes to all of it, and then nothing is chosen', async () => {
    const { user } = await open();
    await user.keyboard('jjjxjx');
    await user.click(within(bar()).getByRole('button', { name: /^Resolve/ }));
    await waitFor(() => expect(changes).toHaveLength(1));
    expect(changes[0]).toMatchObject({
      ids: [incident({ number: 3 }).id, incident({ number: 4 }).id],
      set: { status: 'RESOLVED' },
    });
    expect(screen.queryByRole('region', { name: 'Selection' })).toBeNull();
    await waitFor(() => expect(link(4)).toHaveFocus());
  });

  test('asks first where a SEV1 is among it', async () => {
    const { user } = await open();
    await user.keyboard('jxjxm');
    const dialog = await screen.findByRole('dialog', { name: 'Mitigate 2 incidents?' });
    expect(dialog).toHaveTextContent('1 of them is SEV1.');
    await user.click(within(dialog).getByRole('button', { name: 'Cancel' }));
    expect(changes).toEqual([]);
    expect(bar()).toHaveTextContent('2 selected');
    link(2).focus();
    await user.keyboard('m');
    await screen.findByRole('dialog');
    await user.click(screen.getByRole('button', { name: 'Mitigate 2 incidents' }));
    await waitFor(() => expect(changes).toHaveLength(1));
  });

  test('on all that match: with the exact number, of which the server may not find another', async () => {
    const { user } = await open();
    link(1).focus();
    await user.keyboard('{Control>}a{/Control}');
    await user.click(within(bar()).getByRole('button', { name: 'Select all 18 matching' }));
    expect(bar()).toHaveTextContent('All 18 matching');
    expect(link(1)).toHaveFocus();
    await user.keyboard('e');
    const dialog = await screen.findByRole('dialog', { name: 'Resolve 13 incidents?' });
    expect(dialog).toHaveTextContent('2 of them are SEV1.');
    expect(dialog).toHaveTextContent('4 will change, 9 already are so.');
    expect(screen.getByRole('button', { name: 'Resolve 13 incidents' })).toHaveFocus();
    await user.keyboard('{Enter}');
    await waitFor(() => expect(changes).toHaveLength(3));
    expect(changes[2]).toMatchObject({
      filter: { q: 'status:open,mitigated' },
      set: { status: 'RESOLVED' },
      expectedCount: 13,
    });
    await waitFor(() => expect(screen.queryByRole('region', { name: 'Selection' })).toBeNull());
  });

  test('asks where the person is by then, and takes nothing that is typed for agreement', async () => {
    const { user } = await open();
    link(1).focus();
    await user.keyboard('{Control>}a{/Control}');
    await user.click(within(bar()).getByRole('button', { name: 'Select all 18 matching' }));
    link(1).focus();
    const waiting: (() => void)[] = [];
    server.use(
      http.post('/api/incidents/bulk', async () => {
        await new Promise<void>((resolve) => waiting.push(resolve));
      }),
    );
    await user.keyboard('ec');
    const title = await screen.findByRole('textbox', { name: /^Title/ });
    await waitFor(() => expect(title).toHaveFocus());
    await waitFor(() => expect(waiting).toHaveLength(2));
    for (const goOn of waiting) goOn();
    await screen.findByRole('dialog', { name: 'Resolve 13 incidents?' });
    expect(screen.getByRole('button', { name: 'Cancel' })).toHaveFocus();
    await user.keyboard('{Enter}');
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(changes).toMatchObject([{ dryRun: true }, { dryRun: true }]);
  });

  test('asks anew on another page where another number matches, and not to be agreed to by the same press', async () => {
    const { user } = await open();
    link(1).focus();
    await user.keyboard('{Control>}a{/Control}');
    await user.click(within(bar()).getByRole('button', { name: 'Select all 18 matching' }));
    link(1).focus();
    await user.keyboard('e');
    await screen.findByRole('dialog');
    let refuse = () => {};
    server.use(
      http.post(
        '/api/incidents/bulk',
        async () => {
          await new Promise<void>((resolve) => {
            refuse = resolve;
          });
          const { body, init } = problem(409, { matched: 14 });
          return HttpResponse.json(body, init);
        },
        { once: true },
      ),
    );
    await user.keyboard('{Enter}');
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    await user.click(link(3));
    await waitFor(() => expect(screen.queryByRole('table')).toBeNull());
    refuse();
    const dialog = await screen.findByRole('dialog', { name: 'Resolve 13 incidents?' });
    expect(dialog).toHaveTextContent('Meanwhile another number matches.');
    expect(within(dialog).getByRole('button', { name: 'Cancel' })).toHaveFocus();
    await user.click(within(dialog).getByRole('button', { name: 'Resolve 13 incidents' }));
    await waitFor(() => expect(changes.at(-1)).toMatchObject({ dryRun: false }));
  });

  test('of very many is not offered', async () => {
    server.use(
      http.get('/api/incidents', () =>
        HttpResponse.json(page(rowsOf(1), { total: 10_000, totalIsExact: false, pages: 2_000 })),
      ),
    );
    const { user } = await open();
    link(1).focus();
    await user.keyboard('{Control>}a{/Control}');
    expect(bar()).toHaveTextContent('More than 10,000 match');
    expect(screen.queryByRole('button', { name: /^Select all/ })).toBeNull();
  });
});

test('a key draws only the rows whose looks it changes', async () => {
  const parse = vi.spyOn(Date, 'parse');
  // Every drawing of a row reads its three times.
  const drawn = () => parse.mock.calls.filter(([at]) => at === rowsOf(1)[0]?.startedAt).length / 3;
  const { user } = await open();
  await user.keyboard('jj');
  const before = drawn();
  expect(before).toBeGreaterThanOrEqual(PER_PAGE);
  await user.keyboard('jjk');
  expect(drawn()).toBe(before);
  await user.keyboard('x');
  expect(drawn()).toBe(before + 1);
});
