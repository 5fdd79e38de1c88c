import { screen, waitFor, within } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { beforeEach, describe, expect, test } from 'vitest';
import { setDisplayName } from '@/lib/display-name';
import { facets, incident, page, problem } from '@/testing/incidents';
import { renderApp } from '@/testing/render-app';
import { server } from '@/testing/server';

interface Patch {
  ifMatch: string | null;
  body: unknown;
}

let stored: ReturnType<typeof incident>;
let patches: Patch[];
let events: unknown[];

/** A server with one incident, which honours If-Match. */
beforeEach(() => {
  stored = incident({ summary: 'It is **down**.', version: 3 });
  patches = [];
  events = [
    event(1, 'Ana', '2025-03-04T14:00:00Z', {}, 'created'),
    event(2, 'Ben', '2025-03-04T14:12:00Z', { severity: ['SEV3', 'SEV2'] }),
  ];
  server.use(
    http.get('/api/incidents/facets', () => HttpResponse.json(facets)),
    http.get('/api/incidents/:id', () => HttpResponse.json(stored)),
    http.get('/api/incidents/:id/events', ({ request }) => {
      const cursor = new URL(request.url).searchParams.get('cursor');
      // Two pages, so that the second is asked for.
      const items = cursor === null ? events.slice(0, 1) : events.slice(1);
      return HttpResponse.json({ items, nextCursor: cursor === null ? 'next' : null });
    }),
    http.patch('/api/incidents/:id', async ({ request }) => {
      const ifMatch = request.headers.get('If-Match');
      const body = (await request.json()) as object;
      patches.push({ ifMatch, body });
      if (ifMatch !== `"${stored.version}"`) {
        const stale = problem(412, { current: stored });
        return HttpResponse.json(stale.body, stale.init);
      }
      stored = {
        ...stored,
        ...body,
        version: stored.version + 1,
        updatedAt: new Date().toISOString(),
      };
      return HttpResponse.json(stored);
    }),
    http.get('/api/incidents', () => HttpResponse.json(page([stored]))),
    http.get('/api/services', () =>
      HttpResponse.json({ items: [{ name: 'ledger', open: 3, total: 9 }] }),
    ),
  );
});

function event(id: number, actor: string, at: string, changes: object, type = 'updated') {
  return {
    id,
    incidentId: stored.id,
    changeId: stored.id,
    type,
    actor,
    at,
    changes,
    comment: null,
  };
}

/** Somebody else raises the severity behind our back. */
function someoneElse() {
  const at = new Date().toISOString();
  stored = { ...stored, severity: 'SEV1', version: stored.version + 1, updatedAt: at };
  events.push(event(3, 'Cleo', at, { severity: ['SEV2', 'SEV1'] }));
}

async function open() {
  const app = renderApp('/incidents/INC-42');
  await screen.findByRole('heading', { level: 1, name: 'Checkout answers 500' });
  return app;
}

describe('reading', () => {
  test('the summary is Markdown, the history sentences', async () => {
    await open();
    expect(await screen.findByText('down')).toHaveProperty('tagName', 'STRONG');
    const history = within(await screen.findByRole('region', { name: 'History' }));
    await waitFor(() => expect(history.getAllByRole('listitem')).toHaveLength(2));
    const [first, second] = history.getAllByRole('listitem');
    expect(first).toHaveTextContent(/^Ana opened INC-42/);
    expect(second).toHaveTextContent(/^Ben changed the severity SEV3 → to SEV2/);
    expect(second).toHaveTextContent('12m after it started');
  });

  test('an unknown incident has its own page', async () => {
    const { body, init } = problem(404);
    server.use(http.get('/api/incidents/:id', () => HttpResponse.json(body, init)));
    renderApp('/incidents/INC-9');
    expect(
      await screen.findByRole('heading', { name: 'There is no incident INC-9' }),
    ).toBeInTheDocument();
  });
});

describe('changing', () => {
  test('one press sets the status, on the condition that nothing changed meanwhile', async () => {
    const { user } = await open();
    await user.click(screen.getByRole('button', { name: 'Mitigated' }));
    await waitFor(() =>
      expect(screen.getByRole('button', { name: 'Mitigated' })).toHaveAttribute(
        'aria-pressed',
        'true',
      ),
    );
    expect(patches).toEqual([{ ifMatch: '"3"', body: { status: 'MITIGATED' } }]);
  });

  test('the title: Enter saves, Escape does not, the focus returns to the button', async () => {
    const { user } = await open();
    await user.click(screen.getByRole('button', { name: 'Edit title' }));
    await user.keyboard('Thrown away{Escape}');
    expect(patches).toEqual([]);
    expect(screen.getByRole('button', { name: 'Edit title' })).toHaveFocus();
    await user.click(screen.getByRole('button', { name: 'Edit title' }));
    await user.keyboard('Cards are refused{Enter}');
    expect(
      await screen.findByRole('heading', { level: 1, name: 'Cards are refused' }),
    ).toBeInTheDocument();
    expect(patches).toEqual([{ ifMatch: '"3"', body: { title: 'Cards are refused' } }]);
  });

  test('a value that cannot be right is not sent; one that is refused says why and stays', async () => {
    const { user } = await open();
    await user.click(screen.getByRole('button', { name: 'Edit title' }));
    await user.keyboard('ab{Enter}');
    expect(screen.getByRole('combobox', { name: 'Title' })).toHaveAccessibleDescription(
      'At least 3 characters.',
    );
    const { body, init } = problem(422, { errors: { title: ['No shouting.'] } });
    server.use(http.patch('/api/incidents/:id', () => HttpResponse.json(body, init)));
    await user.keyboard('C{Enter}');
    await waitFor(() =>
      expect(screen.getByRole('combobox', { name: 'Title' })).toHaveAccessibleDescription(
        'No shouting.',
      ),
    );
    expect(screen.getByRole('combobox', { name: 'Title' })).toHaveValue('abC');
  });

  test('services in use are offered, an owner can be taken away', async () => {
    stored = { ...stored, owner: 'Ben' };
    const { user } = await open();
    await user.click(screen.getByRole('button', { name: 'Edit service' }));
    await user.clear(screen.getByRole('combobox', { name: 'Service' }));
    await screen.findByRole('option', { name: /ledger/ });
    await user.keyboard('{ArrowDown}{Enter}{Enter}');
    await waitFor(() => expect(patches.at(-1)?.body).toEqual({ service: 'ledger' }));
    await user.click(screen.getByRole('button', { name: 'Edit owner' }));
    await user.clear(screen.getByRole('combobox', { name: 'Owner' }));
    await user.keyboard('{Enter}');
    await waitFor(() => expect(patches.at(-1)?.body).toEqual({ owner: null }));
  });

  test('whoever gave a name can take the incident', async () => {
    setDisplayName('Ana');
    const { user } = await open();
    await user.click(screen.getByRole('button', { name: 'Assign to me' }));
    await waitFor(() => expect(patches.at(-1)?.body).toEqual({ owner: 'Ana' }));
  });
});

describe('one person in a hurry', () => {
  test('two quick presses are two writes, not a conflict with oneself', async () => {
    const { user } = await open();
    await user.click(screen.getByRole('button', { name: 'Mitigated' }));
    await user.click(screen.getByRole('button', { name: 'SEV1' }));
    expect(screen.getByRole('button', { name: 'SEV1' })).toHaveAttribute('aria-pressed', 'true');
    await waitFor(() => expect(patches).toHaveLength(2));
    expect(patches.map(({ ifMatch }) => ifMatch)).toEqual(['"3"', '"4"']);
    await waitFor(() => expect(stored).toMatchObject({ status: 'MITIGATED', severity: 'SEV1' }));
    expect(screen.queryByRole('alert')).toBeNull();
  });

  test('an editor that was open before another change of one’s own saves without a conflict', async () => {
    const { user } = await open();
    await user.click(screen.getByRole('button', { name: 'Edit summary' }));
    await user.click(screen.getByRole('button', { name: 'Mitigated' }));
    await waitFor(() => expect(stored.status).toBe('MITIGATED'));
    await user.type(screen.getByRole('textbox', { name: 'Summary' }), ' More.');
    await user.keyboard('{Control>}{Enter}{/Control}');
    await waitFor(() => expect(stored.summary).toBe('It is **down**. More.'));
    expect(screen.queryByRole('alert')).toBeNull();
  });

  test('a read that was asked before the write does not undo what is shown', async () => {
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const before = stored;
    server.use(
      http.get('/api/incidents/:id', async () => {
        await held;
        return HttpResponse.json(before);
      }),
    );
    // From the list, the detail shows the row while the read is on its way.
    const { user } = renderApp('/?status=all');
    await user.click(await screen.findByRole('link', { name: 'Checkout answers 500' }));
    await user.click(await screen.findByRole('button', { name: 'Mitigated' }));
    await waitFor(() => expect(stored.status).toBe('MITIGATED'));
    letGo();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(screen.getByRole('button', { name: 'Mitigated' })).toHaveAttribute(
      'aria-pressed',
      'true',
    );
  });

  test('a key typed in small letters shows its edits too', async () => {
    const { user } = renderApp('/incidents/inc-42');
    await user.click(await screen.findByRole('button', { name: 'Edit title' }));
    server.use(http.get('/api/incidents/:id', () => new Promise<never>(() => {})));
    await user.keyboard('Cards are refused{Enter}');
    expect(
      await screen.findByRole('heading', { level: 1, name: 'Cards are refused' }),
    ).toBeInTheDocument();
  });

  test('Mod+Enter saves the editor that has the focus', async () => {
    const { user } = await open();
    await user.click(screen.getByRole('button', { name: 'Edit summary' }));
    await user.click(screen.getByRole('button', { name: 'Edit title' }));
    await user.keyboard('Half a ti');
    await user.type(screen.getByRole('textbox', { name: 'Summary' }), ' More.');
    await user.keyboard('{Control>}{Enter}{/Control}');
    await waitFor(() => expect(patches).toHaveLength(1));
    expect(patches[0]?.body).toEqual({ summary: 'It is **down**. More.' });
    expect(screen.getByRole('combobox', { name: 'Title' })).toHaveValue('Half a ti');
  });

  test('Assign to me leaves the focus beside the owner', async () => {
    setDisplayName('Ana');
    const { user } = await open();
    await user.click(screen.getByRole('button', { name: 'Assign to me' }));
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Assign to me' })).toBeNull());
    expect(screen.getByRole('button', { name: 'Edit owner' })).toHaveFocus();
  });
});

describe('the summary', () => {
  test('Mod+Enter saves', async () => {
    const { user } = await open();
    await user.click(screen.getByRole('button', { name: 'Edit summary' }));
    await user.clear(screen.getByRole('textbox', { name: 'Summary' }));
    await user.keyboard('All *good*.{Control>}{Enter}{/Control}');
    expect(await screen.findByText('good')).toHaveProperty('tagName', 'EM');
    expect(patches).toEqual([{ ifMatch: '"3"', body: { summary: 'All *good*.' } }]);
    expect(screen.queryByText(/unsaved draft/)).toBeNull();
  });

  test('Escape loses nothing: the draft waits, even for the next visit', async () => {
    const { user, unmount } = await open();
    await user.click(screen.getByRole('button', { name: 'Edit summary' }));
    await user.type(screen.getByRole('textbox', { name: 'Summary' }), ' More.');
    await user.keyboard('{Escape}');
    expect(screen.getByText(/unsaved draft/)).toBeInTheDocument();
    unmount();
    const again = await open();
    await again.user.click(screen.getByRole('button', { name: 'Continue' }));
    expect(screen.getByRole('textbox', { name: 'Summary' })).toHaveValue('It is **down**. More.');
    expect(patches).toEqual([]);
  });

  test('a draft says when the summary was changed after it was begun', async () => {
    const { user, unmount } = await open();
    await user.click(screen.getByRole('button', { name: 'Edit summary' }));
    await user.type(screen.getByRole('textbox', { name: 'Summary' }), ' More.');
    await user.keyboard('{Escape}');
    expect(screen.getByText(/unsaved draft/)).not.toHaveTextContent('changed after');
    unmount();
    stored = { ...stored, summary: 'It is up again.', version: 4 };
    await open();
    expect(screen.getByText(/unsaved draft/)).toHaveTextContent(
      'The summary was changed after you began it.',
    );
  });
});

describe('a conflict', () => {
  async function conflict() {
    const app = await open();
    await app.user.click(screen.getByRole('button', { name: 'Edit title' }));
    someoneElse();
    await app.user.keyboard('My title{Enter}');
    const panel = await screen.findByRole('alert');
    expect(panel).toHaveTextContent('My title');
    await waitFor(() =>
      expect(panel).toHaveTextContent(/Cleo changed the severity SEV2 → to SEV1/),
    );
    return { ...app, panel: within(panel) };
  }

  test('is told, with who did what, and nothing is overwritten', async () => {
    await conflict();
    expect(stored).toMatchObject({ title: 'Checkout answers 500', severity: 'SEV1' });
    expect(screen.getByRole('button', { name: 'SEV1' })).toHaveAttribute('aria-pressed', 'true');
  });

  test('"Save mine anyway" writes onto what is there now', async () => {
    const { user, panel } = await conflict();
    await user.click(panel.getByRole('button', { name: 'Save mine anyway' }));
    expect(await screen.findByRole('heading', { level: 1, name: 'My title' })).toBeInTheDocument();
    expect(patches.at(-1)).toEqual({ ifMatch: '"4"', body: { title: 'My title' } });
    expect(stored.severity).toBe('SEV1');
    expect(screen.queryByRole('alert')).toBeNull();
  });

  test('takes the focus and keeps it', async () => {
    await conflict();
    expect(screen.getByRole('alert')).toHaveFocus();
  });

  test('waits, whatever else is changed meanwhile', async () => {
    const { user } = await conflict();
    await user.click(screen.getByRole('button', { name: 'Mitigated' }));
    await waitFor(() => expect(stored.status).toBe('MITIGATED'));
    expect(screen.getByRole('alert')).toHaveTextContent('My title');
    await user.click(screen.getByRole('button', { name: 'Save mine anyway' }));
    await waitFor(() => expect(stored.title).toBe('My title'));
    expect(screen.queryByRole('alert')).toBeNull();
  });

  test('a draft that "Save mine anyway" has saved is no draft any more', async () => {
    const { user } = await open();
    await user.click(screen.getByRole('button', { name: 'Edit summary' }));
    await user.type(screen.getByRole('textbox', { name: 'Summary' }), ' More. ');
    someoneElse();
    await user.keyboard('{Control>}{Enter}{/Control}');
    await user.click(await screen.findByRole('button', { name: 'Save mine anyway' }));
    await waitFor(() => expect(screen.queryByRole('alert')).toBeNull());
    expect(screen.queryByText(/unsaved draft/)).toBeNull();
    expect(Object.keys(localStorage)).toEqual([]);
  });

  test('"Use theirs" leaves it alone', async () => {
    const { user, panel } = await conflict();
    await user.click(panel.getByRole('button', { name: 'Use theirs' }));
    expect(screen.queryByRole('alert')).toBeNull();
    expect(patches).toHaveLength(1);
  });
});

describe('times', () => {
  test('a time that is typed in part is refused, not cleared', async () => {
    stored = { ...stored, status: 'MITIGATED', mitigatedAt: '2025-03-04T14:30:00Z' };
    const { user } = await open();
    await user.click(screen.getByRole('button', { name: 'Edit mitigation time' }));
    const input = screen.getByLabelText<HTMLInputElement>('Mitigated, local time');
    await user.clear(input);
    // What a browser says of a date without its year; jsdom has no such field.
    Object.defineProperty(input, 'validity', { value: { badInput: true } });
    await user.keyboard('{Enter}');
    expect(input).toHaveAccessibleDescription('Give a date and a time.');
    expect(patches).toEqual([]);
  });

  test('how long it took is told, and a time can be corrected', async () => {
    stored = {
      ...stored,
      status: 'RESOLVED',
      mitigatedAt: '2025-03-04T14:30:00Z',
      resolvedAt: '2025-03-04T16:05:00Z',
    };
    const { user } = await open();
    const times = within(screen.getByRole('region', { name: 'Times' }));
    expect(times.getByText('30m')).toBeInTheDocument();
    expect(times.getByText('2h 5m')).toBeInTheDocument();
    await user.click(times.getByRole('button', { name: 'Edit mitigation time' }));
    const input = times.getByLabelText('Mitigated, local time');
    await user.clear(input);
    await user.type(input, '2025-03-04T14:10:00');
    await user.click(times.getByRole('button', { name: 'Save' }));
    const sent = new Date('2025-03-04T14:10:00').toISOString();
    await waitFor(() => expect(patches.at(-1)?.body).toEqual({ mitigatedAt: sent }));
  });
});
