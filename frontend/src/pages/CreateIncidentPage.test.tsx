import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { facets, incident, page, problem } from '@/testing/incidents';
import { renderApp } from '@/testing/render-app';
import { server } from '@/testing/server';

let sent: unknown[];
let keysSent: (string | null)[];
/** "title|service" of every question for what is similar. */
let asked: string[];

beforeEach(() => {
  sent = [];
  keysSent = [];
  asked = [];
  server.use(
    http.post('/api/incidents', async ({ request }) => {
      sent.push(await request.json());
      keysSent.push(request.headers.get('Idempotency-Key'));
      return HttpResponse.json(incident(), { status: 201 });
    }),
    http.get('/api/incidents/facets', () => HttpResponse.json(facets)),
    http.get('/api/incidents/similar', ({ request }) => {
      const { searchParams } = new URL(request.url);
      asked.push(`${searchParams.get('title')}|${searchParams.get('service')}`);
      return HttpResponse.json({ items: [] });
    }),
    http.get('/api/incidents/:id', () => HttpResponse.json(incident())),
    http.get('/api/incidents/:id/events', () => HttpResponse.json({ items: [], nextCursor: null })),
    http.get('/api/services', ({ request }) => {
      const search = new URL(request.url).searchParams.get('search') ?? '';
      const items = [
        { name: 'checkout-web', open: 7, total: 20 },
        { name: 'ledger', open: 3, total: 9 },
      ].filter((one) => one.name.includes(search));
      return HttpResponse.json({ items });
    }),
    http.get('/api/incidents', () => HttpResponse.json(page([incident()]))),
  );
});

/** The drafts that are kept in this browser, by whatever tab. */
const drafts = () => Object.keys(localStorage).filter((name) => name.startsWith('draft:new:'));

const field = (name: string) => screen.findByLabelText(new RegExp(`^${name}`));

async function fill(user: ReturnType<typeof renderApp>['user']) {
  await user.type(await field('Title'), 'Disk full');
  await user.click(screen.getByRole('radio', { name: /SEV1/ }));
  await user.type(screen.getByRole('combobox', { name: 'Service' }), 'led');
  await screen.findByRole('option', { name: /ledger/ });
  await user.keyboard('{ArrowDown}{Enter}');
}

describe('creating', () => {
  test('sends what was filled in and opens the incident', async () => {
    const { user, url } = renderApp('/incidents/new');
    await fill(user);
    await user.type(await field('Summary'), 'It is full.');
    await user.click(screen.getByRole('button', { name: 'Create incident' }));
    await waitFor(() => expect(url()).toBe('/incidents/INC-42'));
    expect(await screen.findByText('INC-42 created')).toBeVisible();
    expect(screen.getByRole('main')).toContainElement(document.activeElement as HTMLElement);
    expect(sent).toEqual([
      {
        title: 'Disk full',
        service: 'ledger',
        severity: 'SEV1',
        status: 'OPEN',
        owner: null,
        summary: 'It is full.',
      },
    ]);
    expect(drafts()).toEqual([]);
  });

  test('two sends at once make one incident', async () => {
    const { user, url } = renderApp('/incidents/new');
    await fill(user);
    const form = (await field('Title')).closest('form');
    if (!form) throw new Error('no form');
    fireEvent.submit(form);
    fireEvent.submit(form);
    fireEvent.keyDown(form, { key: 'Enter', ctrlKey: true });
    await waitFor(() => expect(url()).toBe('/incidents/INC-42'));
    expect(sent).toHaveLength(1);
  });

  test('Mod+Enter sends from any field', async () => {
    const { user, url } = renderApp('/incidents/new');
    await fill(user);
    await user.click(await field('Summary'));
    await user.keyboard('{Control>}{Enter}{/Control}');
    await waitFor(() => expect(url()).toBe('/incidents/INC-42'));
  });
});

describe('mistakes', () => {
  test('all are told at their fields, and the first has the focus', async () => {
    const { user } = renderApp('/incidents/new');
    await field('Title');
    await user.click(screen.getByRole('button', { name: 'Create incident' }));
    expect(await field('Title')).toHaveFocus();
    expect(await field('Title')).toHaveAccessibleDescription('Say what is broken.');
    expect(screen.getByRole('combobox', { name: 'Service' })).toBeInvalid();
    expect(screen.getByRole('group', { name: 'Severity' })).toHaveAccessibleDescription(/how bad/);
    expect(sent).toEqual([]);
    await user.type(await field('Title'), 'x');
    expect(await field('Title')).toBeValid();
  });

  test('the server’s are told at their fields too', async () => {
    const { body, init } = problem(422, { errors: { service: ['Not in the catalogue.'] } });
    server.use(http.post('/api/incidents', () => HttpResponse.json(body, init)));
    const { user } = renderApp('/incidents/new');
    await fill(user);
    await user.click(screen.getByRole('button', { name: 'Create incident' }));
    const service = screen.getByRole('combobox', { name: 'Service' });
    await waitFor(() => expect(service).toHaveFocus());
    expect(service).toHaveAccessibleDescription('Not in the catalogue.');
  });

  test('a failed request keeps what was typed, and can be sent again', async () => {
    const { body, init } = problem(500);
    server.use(http.post('/api/incidents', () => HttpResponse.json(body, init), { once: true }));
    const { user, url } = renderApp('/incidents/new');
    await fill(user);
    await user.click(screen.getByRole('button', { name: 'Create incident' }));
    expect(await screen.findByRole('alert')).toHaveTextContent('Problem 500.');
    expect(screen.getByRole('alert')).toHaveTextContent('req-7');
    expect(await field('Title')).toHaveValue('Disk full');
    await user.click(screen.getByRole('button', { name: 'Create incident' }));
    await waitFor(() => expect(url()).toBe('/incidents/INC-42'));
  });
});

describe('a lost answer', () => {
  /** Takes what is sent, so often, and never answers. */
  function loseAnswers(times: number) {
    let left = times;
    server.use(
      http.post('/api/incidents', ({ request }) => {
        if (left === 0) return undefined;
        left -= 1;
        keysSent.push(request.headers.get('Idempotency-Key'));
        return HttpResponse.error();
      }),
    );
  }

  test('is asked for again, so that one incident is made', async () => {
    loseAnswers(1);
    const { user, url } = renderApp('/incidents/new');
    await fill(user);
    await user.click(screen.getByRole('button', { name: 'Create incident' }));
    await waitFor(() => expect(url()).toBe('/incidents/INC-42'));
    expect(keysSent).toHaveLength(2);
    expect(keysSent[0]).toMatch(/^\w{32}$/);
    expect(keysSent[1]).toBe(keysSent[0]);
  });

  test('can be asked for by hand, even after a reload: the same content has the same key', async () => {
    loseAnswers(3);
    const { user, unmount } = renderApp('/incidents/new');
    await fill(user);
    await user.click(screen.getByRole('button', { name: 'Create incident' }));
    await screen.findByRole('alert');
    unmount();
    const again = renderApp('/incidents/new');
    await again.user.type(await field('Title'), '!{Backspace}');
    await again.user.click(screen.getByRole('button', { name: 'Create incident' }));
    await waitFor(() => expect(again.url()).toBe('/incidents/INC-42'));
    expect(keysSent).toHaveLength(4);
    expect(new Set(keysSent).size).toBe(1);
    // Of the draft nothing is left.
    expect(Object.keys(localStorage).toSorted()).toEqual(['lastService', 'recentIncidents']);
  });

  test('other content is another incident', async () => {
    loseAnswers(3);
    const { user, url } = renderApp('/incidents/new');
    await fill(user);
    await user.click(screen.getByRole('button', { name: 'Create incident' }));
    await screen.findByRole('alert');
    await user.type(await field('Title'), ' again');
    await user.click(screen.getByRole('button', { name: 'Create incident' }));
    await waitFor(() => expect(url()).toBe('/incidents/INC-42'));
    expect(new Set(keysSent).size).toBe(2);
  });
});

describe('by keys alone', () => {
  test('Tab leads from the title to the service to the severity, which takes a digit', async () => {
    localStorage.setItem('lastService', 'ledger');
    const { user, url } = renderApp('/incidents/new');
    expect(await field('Title')).toHaveFocus();
    await user.keyboard('Disk full{Tab}');
    const service = screen.getByRole('combobox', { name: 'Service' });
    expect(service).toHaveFocus();
    expect(screen.getAllByRole('option')[0]).toHaveTextContent('ledgerlast used');
    await user.keyboard('{ArrowDown}{Tab}');
    expect(service).toHaveValue('ledger');
    expect(screen.getByRole('radio', { name: /SEV1/ })).toHaveFocus();
    await user.keyboard('2');
    expect(screen.getByRole('radio', { name: /SEV2/ })).toHaveFocus();
    await user.keyboard('{Control>}{Enter}{/Control}');
    await waitFor(() => expect(url()).toBe('/incidents/INC-42'));
    expect(sent).toMatchObject([{ title: 'Disk full', service: 'ledger', severity: 'SEV2' }]);
  });

  test('a digit is a letter like others in a field of text, and with a modifier the browser’s', async () => {
    const { user } = renderApp('/incidents/new');
    await user.type(await field('Title'), '1 of 3');
    expect(await field('Title')).toHaveValue('1 of 3');
    screen.getByRole('radio', { name: /SEV1/ }).focus();
    await user.keyboard('{Control>}3{/Control}9');
    for (const severity of screen.getAllByRole('radio', { name: /SEV/ })) {
      expect(severity).not.toBeChecked();
    }
    // A French keyboard, whose digits need Shift.
    fireEvent.keyDown(screen.getByRole('radio', { name: /SEV1/ }), { key: '"', code: 'Digit3' });
    expect(screen.getByRole('radio', { name: /SEV3/ })).toBeChecked();
  });

  test('Enter leads to what is missing without a complaint, and sends once nothing is', async () => {
    const { user, url } = renderApp('/incidents/new');
    await user.type(await field('Title'), 'Disk full');
    // In Safari, the Enter that ends a composition.
    fireEvent.keyDown(await field('Title'), { key: 'Enter', keyCode: 229 });
    expect(await field('Title')).toHaveFocus();
    await user.keyboard('{Enter}');
    expect(screen.getByRole('combobox', { name: 'Service' })).toHaveFocus();
    expect(screen.getByRole('combobox', { name: 'Service' })).toHaveAttribute(
      'aria-invalid',
      'false',
    );
    await user.keyboard('ledger{Enter}');
    expect(screen.getByRole('radio', { name: /SEV1/ })).toHaveFocus();
    await user.keyboard('1{Enter}');
    await waitFor(() => expect(url()).toBe('/incidents/INC-42'));
  });

  test('Enter in a field that is itself missing says so', async () => {
    const { user } = renderApp('/incidents/new');
    await user.type(await field('Title'), '{Enter}');
    expect(await field('Title')).toHaveAccessibleDescription('Say what is broken.');
  });
});

describe('the service', () => {
  test('of the list that the form was opened from is offered first, and not filled in', async () => {
    localStorage.setItem('lastService', 'ledger');
    const { user } = renderApp('/?q=status:open+service:batch');
    await user.click(await screen.findByRole('link', { name: /^New/ }));
    const service = await screen.findByRole('combobox', { name: 'Service' });
    expect(service).toHaveValue('');
    await user.click(service);
    const options = await screen.findAllByRole('option');
    expect(options.map(({ textContent }) => textContent)).toEqual([
      'batchof your list',
      'ledgerlast used',
      'checkout-web7 open',
    ]);
  });

  test.each(['?q=service:a,b', '?q=-service:a', '', '?q='])(
    'is not known from the list "%s"',
    async (search) => {
      const { user } = renderApp(`/${search}`);
      await screen.findByRole('link', { name: /^New/ });
      await user.keyboard('c');
      await user.click(await screen.findByRole('combobox', { name: 'Service' }));
      expect((await screen.findAllByRole('option'))[0]).toHaveTextContent('checkout-web7 open');
    },
  );

  test('of the last incident is remembered', async () => {
    const { user, url } = renderApp('/incidents/new');
    await fill(user);
    await user.keyboard('{Control>}{Enter}{/Control}');
    await waitFor(() => expect(url()).toBe('/incidents/INC-42'));
    expect(localStorage.getItem('lastService')).toBe('checkout-web');
  });
});

describe('already reported?', () => {
  const like = [
    incident({ number: 7, title: 'Disk nearly full', service: 'ledger', owner: 'Ana' }),
    incident({ number: 8, title: 'Disk is full again', service: 'ledger', status: 'MITIGATED' }),
  ];
  const panel = () => screen.getByRole('region', { name: 'Already reported?' });

  function find(items = like) {
    server.use(http.get('/api/incidents/similar', () => HttpResponse.json({ items })));
  }

  test('is asked once title and service are known, after a pause', async () => {
    const { user } = renderApp('/incidents/new');
    await user.type(await field('Title'), 'Di');
    await user.type(screen.getByRole('combobox', { name: 'Service' }), 'ledger');
    await user.type(await field('Title'), 'sk full');
    expect(
      await within(panel()).findByText('Nothing like it is open in ledger.'),
    ).toBeInTheDocument();
    expect(asked).toEqual(['Disk full|ledger']);
  });

  test('what is found is told once, with its severity, status, age and a link', async () => {
    find();
    const { user } = renderApp('/incidents/new');
    await fill(user);
    const link = await within(panel()).findByRole('link', { name: /Disk nearly full/ });
    expect(link).toHaveAttribute('href', '/incidents/INC-7');
    expect(link).toHaveAttribute('target', '_blank');
    const [item] = within(panel()).getAllByRole('listitem');
    expect(item).toHaveTextContent(/SEV2Open\d+w ago/);
    expect(item).toHaveTextContent('INC-7 · Ana');
    const status = within(panel()).getByRole('status');
    expect(status).toHaveTextContent('2 similar open incidents');
    find(like.slice(0, 1));
    await user.type(await field('Title'), ' again');
    await waitFor(() => expect(within(panel()).getAllByRole('listitem')).toHaveLength(1));
    expect(status).toHaveTextContent('2 similar open incidents');
  });

  test('a late answer for an older title is never seen', async () => {
    let answerOld: () => void = () => {};
    server.use(
      http.get('/api/incidents/similar', async ({ request }) => {
        if (new URL(request.url).searchParams.get('title') === 'Disk') {
          await new Promise<void>((resolve) => {
            answerOld = resolve;
          });
          return HttpResponse.json({ items: like.slice(0, 1) });
        }
        return HttpResponse.json({ items: like.slice(1) });
      }),
    );
    const seen = vi.fn<() => void>();
    const { user } = renderApp('/incidents/new');
    await user.type(await field('Title'), 'Disk');
    await user.type(screen.getByRole('combobox', { name: 'Service' }), 'ledger');
    const watch = new MutationObserver(() => {
      if (screen.queryByText('Disk nearly full')) seen();
    });
    watch.observe(panel(), { childList: true, subtree: true });
    await waitFor(() => expect(answerOld).not.toHaveLength(0));
    await user.type(await field('Title'), ' is full');
    await within(panel()).findByRole('link', { name: /Disk is full again/ });
    answerOld();
    await new Promise((resolve) => setTimeout(resolve, 50));
    watch.disconnect();
    expect(seen).not.toHaveBeenCalled();
    expect(within(panel()).getAllByRole('listitem')).toHaveLength(1);
  });

  test('what was found for another service is not shown for this one', async () => {
    find();
    const { user } = renderApp('/incidents/new');
    await fill(user);
    await within(panel()).findByRole('link', { name: /Disk nearly full/ });
    server.use(http.get('/api/incidents/similar', () => new Promise<never>(() => {})));
    await user.type(screen.getByRole('combobox', { name: 'Service' }), '-2');
    expect(within(panel()).queryByRole('link')).toBeNull();
  });

  test('a failure does not disturb', async () => {
    let calls = 0;
    server.use(
      http.get('/api/incidents/similar', () => {
        calls += 1;
        return calls % 2 === 1 ? HttpResponse.error() : new HttpResponse('<html>', { status: 502 });
      }),
    );
    const { user, url } = renderApp('/incidents/new');
    await fill(user);
    await waitFor(() => expect(calls).toBe(1));
    await user.type(await field('Title'), ' again');
    await waitFor(() => expect(calls).toBe(2));
    expect(screen.queryByRole('alert')).toBeNull();
    expect(within(panel()).queryByRole('link')).toBeNull();
    await user.keyboard('{Control>}{Enter}{/Control}');
    await waitFor(() => expect(url()).toBe('/incidents/INC-42'));
  });

  test('“This is it” goes there, and the summary goes along as the draft of a comment', async () => {
    find();
    localStorage.setItem(`draft:comment:${like[0]?.id}`, 'Half a thought');
    const { user, url } = renderApp('/incidents/new');
    await fill(user);
    await user.type(await field('Summary'), 'Since 3 o’clock.');
    await within(panel()).findByRole('link', { name: /Disk nearly full/ });
    expect(within(panel()).getByRole('checkbox')).toBeChecked();
    const [first] = within(panel()).getAllByRole('button', { name: 'This is it' });
    expect(first).toHaveAccessibleDescription(/Disk nearly full/);
    await user.click(first as HTMLElement);
    expect(url()).toBe('/incidents/INC-7');
    expect(localStorage.getItem(`draft:comment:${like[0]?.id}`)).toBe(
      'Half a thought\n\nSince 3 o’clock.',
    );
    expect(await screen.findByText(/in the comment box of INC-7/)).toBeVisible();
    expect(drafts()).toEqual([]);
    expect(sent).toEqual([]);
  });

  test('without a summary, or against the person’s wish, nothing goes along', async () => {
    find();
    const { user, url } = renderApp('/incidents/new');
    await fill(user);
    await within(panel()).findByRole('link', { name: /Disk nearly full/ });
    expect(within(panel()).queryByRole('checkbox')).toBeNull();
    await user.type(await field('Summary'), 'Private.');
    await user.click(within(panel()).getByRole('checkbox'));
    await user.click(
      within(panel()).getAllByRole('button', { name: 'This is it' })[1] as HTMLElement,
    );
    expect(url()).toBe('/incidents/INC-8');
    expect(localStorage.getItem(`draft:comment:${like[1]?.id}`)).toBeNull();
  });

  test('who comes back finds the form as it was; a new one is empty', async () => {
    find();
    const { user, unmount } = renderApp('/incidents/new');
    await fill(user);
    await within(panel()).findByRole('link', { name: /Disk nearly full/ });
    await user.click(
      within(panel()).getAllByRole('button', { name: 'This is it' })[0] as HTMLElement,
    );
    unmount();
    // The first entry of a history is come to as by Back.
    const again = renderApp('/incidents/new');
    expect(await field('Title')).toHaveValue('Disk full');
    await again.user.click(screen.getByRole('link', { name: /Incident Tracker/ }));
    await screen.findByRole('heading', { name: 'Incidents' });
    await again.user.keyboard('c');
    expect(await field('Title')).toHaveValue('');
  });
});

describe('the draft', () => {
  test('survives leaving the page, and can be thrown away', async () => {
    const { user, unmount } = renderApp('/incidents/new');
    await fill(user);
    unmount();
    const again = renderApp('/incidents/new');
    expect(await field('Title')).toHaveValue('Disk full');
    expect(screen.getByRole('radio', { name: /SEV1/ })).toBeChecked();
    await again.user.click(screen.getByRole('button', { name: 'Start over' }));
    expect(await field('Title')).toHaveValue('');
    expect(await field('Title')).toHaveFocus();
    expect(drafts()).toEqual([]);
  });

  test('an unreadable one counts as none', async () => {
    localStorage.setItem('draft:new:here', '{"title":7,"severity":"SEV9"');
    localStorage.setItem('draft:new:there', '{"title":7,"severity":"SEV9"}');
    sessionStorage.setItem('draftTab', 'here');
    renderApp('/incidents/new');
    expect(await field('Title')).toHaveValue('');
    expect(screen.queryByText(/draft/)).toBeNull();
  });

  test('survives a lost session', async () => {
    const { body, init } = problem(401, { detail: 'Sign in again.' });
    server.use(http.post('/api/incidents', () => HttpResponse.json(body, init), { once: true }));
    const { user, unmount } = renderApp('/incidents/new');
    await fill(user);
    await user.keyboard('{Control>}{Enter}{/Control}');
    expect(await screen.findByRole('alert')).toHaveTextContent(
      'Sign in again. What you typed is kept.',
    );
    unmount();
    const again = renderApp('/incidents/new');
    expect(await field('Title')).toHaveValue('Disk full');
    await again.user.keyboard('{Control>}{Enter}{/Control}');
    await waitFor(() => expect(again.url()).toBe('/incidents/INC-42'));
  });
});

describe('drafts of other tabs', () => {
  const KEPT = {
    title: 'Theirs',
    service: 'batch',
    severity: 'SEV3',
    status: 'OPEN',
    summary: 'Why.',
  };
  const keep = (name: string, part: Record<string, unknown> = {}) =>
    localStorage.setItem(`draft:new:${name}`, JSON.stringify({ ...KEPT, at: Date.now(), ...part }));
  const offer = () => screen.queryByRole('group', { name: 'Another draft' });

  test('are offered, newest first, and not shown or overwritten', async () => {
    keep('old', { title: 'Older', at: Date.now() - 3_600_000 });
    keep('new');
    const { user } = renderApp('/incidents/new');
    await user.type(await field('Title'), 'Mine');
    expect(offer()).toHaveTextContent('Another draft is kept, just now: Theirs');
    expect(drafts()).toHaveLength(3);
    await user.click(screen.getByRole('button', { name: 'Continue it' }));
    expect(await field('Title')).toHaveValue('Theirs');
    expect(await field('Title')).toHaveFocus();
    // What was in the form is now another draft itself.
    expect(offer()).toHaveTextContent('Mine');
    expect(drafts()).toHaveLength(3);
  });

  test('can be thrown away', async () => {
    keep('old', { title: 'Older', at: Date.now() - 3_600_000 });
    keep('new');
    const { user } = renderApp('/incidents/new');
    await field('Title');
    await user.click(screen.getByRole('button', { name: 'Throw it away' }));
    expect(offer()).toHaveTextContent('Another draft is kept, 1h ago: Older');
    await user.click(screen.getByRole('button', { name: 'Throw it away' }));
    expect(offer()).toBeNull();
    expect(await field('Title')).toHaveFocus();
    expect(drafts()).toEqual([]);
  });

  test('a tab whose draft is written by another goes on with its own', async () => {
    sessionStorage.setItem('draftTab', 'shared');
    const { user } = renderApp('/incidents/new');
    await user.type(await field('Title'), 'Mine');
    keep('shared');
    fireEvent(window, new StorageEvent('storage', { key: 'draft:new:shared' }));
    expect(await field('Title')).toHaveValue('Mine');
    await user.type(await field('Title'), '!');
    const titles = drafts().map((name) => JSON.parse(localStorage.getItem(name) ?? '').title);
    expect(titles.toSorted()).toEqual(['Mine!', 'Theirs']);
  });

  test('so does one whose draft another threw away or sent, under the key it has tried', async () => {
    server.use(
      http.post('/api/incidents', ({ request }) => {
        keysSent.push(request.headers.get('Idempotency-Key'));
        return HttpResponse.json(problem(400).body, problem(400).init);
      }),
    );
    sessionStorage.setItem('draftTab', 'shared');
    const { user } = renderApp('/incidents/new');
    await fill(user);
    await user.click(screen.getByRole('button', { name: 'Create incident' }));
    await screen.findByRole('alert');
    localStorage.removeItem('draft:new:shared');
    fireEvent(window, new StorageEvent('storage', { key: 'draft:new:shared' }));
    expect(drafts()).toHaveLength(1);
    await user.click(screen.getByRole('button', { name: 'Create incident' }));
    await waitFor(() => expect(keysSent).toHaveLength(2));
    expect(keysSent[1]).toBe(keysSent[0]);
  });
});
