import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { beforeEach, describe, expect, test } from 'vitest';
import { setDisplayName } from '@/lib/display-name';
import { toLocalInput } from '@/lib/time';
import { facets, incident, page, problem } from '@/testing/incidents';
import { renderApp } from '@/testing/render-app';
import { server } from '@/testing/server';

interface Patch {
  ifMatch: string | null;
  body: unknown;
}

type StoredEvent = ReturnType<typeof event>;

let stored: ReturnType<typeof incident>;
let patches: Patch[];
let keysSent: (string | null)[];
let events: StoredEvent[];

/** A server with one incident, which honours If-Match. */
beforeEach(() => {
  stored = incident({ summary: 'It is **down**.', version: 3 });
  patches = [];
  keysSent = [];
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
      keysSent.push(request.headers.get('Idempotency-Key'));
      if (ifMatch !== `"${stored.version}"`) {
        const stale = problem(412, { current: stored });
        return HttpResponse.json(stale.body, stale.init);
      }
      change('Zoë', body);
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
    changeId: changeId(id),
    type,
    actor,
    at,
    changes,
    comment: null as string | null,
    changeSize: 1,
    revertsChangeId: null as string | null,
  };
}

const changeId = (id: number) => `01900000-0000-7000-9000-${String(id).padStart(12, '0')}`;

/** Changes the incident as the server does, with its event. */
function change(actor: string, part: object, type = 'updated'): StoredEvent {
  const at = new Date().toISOString();
  const before = stored;
  stored = { ...stored, ...part, version: stored.version + 1, updatedAt: at };
  const changes = Object.fromEntries(
    Object.entries(part).map(([field, to]) => [field, [before[field as keyof typeof before], to]]),
  );
  const added = event((events.at(-1)?.id ?? 0) + 1, actor, at, changes, type);
  events.push(added);
  return added;
}

/** Somebody else raises the severity behind our back. */
function someoneElse() {
  change('Cleo', { severity: 'SEV1' });
}

async function open(title = 'Checkout answers 500') {
  const app = renderApp('/incidents/INC-42');
  await screen.findByRole('heading', { level: 1, name: title });
  return app;
}

const timeline = () => within(screen.getByRole('region', { name: 'Timeline' }));

describe('reading', () => {
  test('the summary is Markdown, the history sentences', async () => {
    await open();
    expect(await screen.findByText('down')).toHaveProperty('tagName', 'STRONG');
    await waitFor(() => expect(timeline().getAllByRole('listitem')).toHaveLength(2));
    const [first, second] = timeline().getAllByRole('listitem');
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
    await user.keyboard('Thrown away');
    // In Safari, the Enter that ends a composition.
    fireEvent.keyDown(screen.getByRole('combobox', { name: 'Title' }), {
      key: 'Enter',
      keyCode: 229,
    });
    await user.keyboard('{Escape}');
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
    const { user } = renderApp('/?q=');
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

describe('changes of different fields', () => {
  test('both stand, and nobody is asked', async () => {
    const { user } = await open();
    await user.click(screen.getByRole('button', { name: 'Edit title' }));
    someoneElse();
    await user.keyboard('My title{Enter}');
    expect(await screen.findByRole('heading', { level: 1, name: 'My title' })).toBeInTheDocument();
    expect(patches.map(({ ifMatch }) => ifMatch)).toEqual(['"3"', '"4"']);
    expect(stored).toMatchObject({ title: 'My title', severity: 'SEV1' });
    expect(screen.queryByRole('region', { name: /changed while/ })).toBeNull();
    expect(screen.getByRole('button', { name: 'SEV1' })).toHaveAttribute('aria-pressed', 'true');
  });

  test('so does the same change made twice', async () => {
    const { user } = await open();
    await user.click(screen.getByRole('button', { name: 'Edit title' }));
    change('Cleo', { title: 'Our title' });
    await user.keyboard('Our title{Enter}');
    expect(await screen.findByRole('heading', { level: 1, name: 'Our title' })).toBeInTheDocument();
    expect(screen.queryByRole('region', { name: /changed while/ })).toBeNull();
  });
});

describe('a conflict', () => {
  const panel = () => screen.getByRole('region', { name: /changed while you were editing/ });

  /** Cleo has changed the title that is being edited here, and the severity. */
  async function conflict() {
    const app = await open();
    await app.user.click(screen.getByRole('button', { name: 'Edit title' }));
    change('Cleo', { title: 'Their title', severity: 'SEV1' });
    await app.user.keyboard('My title{Enter}');
    await screen.findByRole('region', { name: /changed while you were editing/ });
    return app;
  }

  test('is told, with who did what, and nothing is overwritten', async () => {
    await conflict();
    await waitFor(() =>
      expect(panel()).toHaveTextContent(
        /Cleo changed the title.*changed the severity SEV2 → to SEV1/,
      ),
    );
    const choice = within(screen.getByRole('group', { name: 'Which title?' }));
    expect(choice.getByRole('radio', { name: /^Theirs.*Cleo.*Their title$/ })).not.toBeChecked();
    expect(choice.getByRole('radio', { name: /^Mine.*My title$/ })).not.toBeChecked();
    expect(stored.title).toBe('Their title');
    expect(screen.getByRole('heading', { level: 1, name: 'Their title' })).toBeInTheDocument();
  });

  test('has to be decided before it can be saved', async () => {
    const { user } = await conflict();
    await user.click(screen.getByRole('button', { name: 'Save' }));
    expect(screen.getByRole('alert')).toHaveTextContent('Choose which title to keep.');
    expect(screen.getByRole('radio', { name: /^Theirs/ })).toHaveFocus();
    expect(patches).toHaveLength(1);
  });

  test('mine is written onto what is there now', async () => {
    const { user } = await conflict();
    await user.click(screen.getByRole('radio', { name: /^Mine/ }));
    await user.click(screen.getByRole('button', { name: 'Save' }));
    expect(await screen.findByRole('heading', { level: 1, name: 'My title' })).toBeInTheDocument();
    expect(patches.at(-1)).toEqual({ ifMatch: '"4"', body: { title: 'My title' } });
    expect(stored.severity).toBe('SEV1');
    await waitFor(() => expect(screen.getByRole('button', { name: 'Edit title' })).toHaveFocus());
    expect(localStorage.getItem(`draft:conflict:${stored.id}`)).toBeNull();
  });

  test('theirs needs no writing', async () => {
    const { user } = await conflict();
    await user.click(screen.getByRole('radio', { name: /^Theirs/ }));
    await user.keyboard('{Control>}{Enter}{/Control}');
    await waitFor(() => expect(screen.getByRole('button', { name: 'Edit title' })).toHaveFocus());
    expect(screen.queryByRole('region', { name: /changed while/ })).toBeNull();
    expect(patches).toHaveLength(1);
  });

  test('mine can be thrown away', async () => {
    const { user } = await conflict();
    await user.click(screen.getByRole('button', { name: 'Discard my title' }));
    await waitFor(() => expect(screen.queryByRole('region', { name: /changed while/ })).toBeNull());
    expect(patches).toHaveLength(1);
  });

  test('is decided field by field; what only one side changed is no question', async () => {
    const { user } = await conflict();
    await user.click(screen.getByRole('button', { name: 'Edit owner' }));
    await user.keyboard('Zoë{Enter}');
    await waitFor(() => expect(stored.owner).toBe('Zoë'));
    await user.click(screen.getByRole('button', { name: 'Edit summary' }));
    change('Cleo', { summary: 'Their summary.' });
    await user.clear(screen.getByRole('textbox', { name: 'Summary' }));
    await user.type(screen.getByRole('textbox', { name: 'Summary' }), 'My summary.');
    await user.keyboard('{Control>}{Enter}{/Control}');
    const summary = within(await screen.findByRole('group', { name: 'Which summary?' }));
    expect(summary.getByRole('textbox', { name: 'Their summary' })).toHaveValue('Their summary.');
    expect(summary.getByRole('textbox', { name: 'My summary' })).toHaveValue('My summary.');
    await user.click(summary.getByRole('radio', { name: /^Mine/ }));
    const title = within(screen.getByRole('group', { name: 'Which title?' }));
    await user.click(title.getByRole('radio', { name: /^Theirs/ }));
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(stored.summary).toBe('My summary.'));
    expect(patches.at(-1)?.body).toEqual({ summary: 'My summary.' });
    expect(stored).toMatchObject({ title: 'Their title', owner: 'Zoë', severity: 'SEV1' });
    // The draft that was saved by another way than the editor is no draft any more.
    expect(screen.queryByText(/unsaved draft/)).toBeNull();
  });

  test('all fields can be chosen at once', async () => {
    const { user } = await conflict();
    await user.click(screen.getByRole('button', { name: 'Edit owner' }));
    change('Cleo', { owner: 'Cleo' });
    await user.keyboard('Zoë{Enter}');
    await screen.findByRole('group', { name: 'Which owner?' });
    await user.click(screen.getByRole('button', { name: 'All mine' }));
    for (const radio of screen.getAllByRole('radio', { name: /^Mine/ }))
      expect(radio).toBeChecked();
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(stored).toMatchObject({ title: 'My title', owner: 'Zoë' }));
    expect(patches.at(-1)?.body).toEqual({ title: 'My title', owner: 'Zoë' });
  });

  test('may be followed by another one, about what was changed once more', async () => {
    const { user } = await conflict();
    await user.click(screen.getByRole('radio', { name: /^Mine/ }));
    change('Dan', { title: 'Newest title' });
    await user.click(screen.getByRole('button', { name: 'Save' }));
    const theirs = await screen.findByRole('radio', { name: /^Theirs.*Newest title$/ });
    expect(stored.title).toBe('Newest title');
    // The choice was made against another value, and is asked for again.
    expect(theirs).not.toBeChecked();
    expect(screen.getByRole('radio', { name: /^Mine/ })).not.toBeChecked();
    await waitFor(() => expect(panel()).toHaveFocus());
    await waitFor(() => expect(panel()).toHaveTextContent(/Dan changed the title/));
    await user.click(screen.getByRole('radio', { name: /^Mine/ }));
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(stored.title).toBe('My title'));
    expect(patches.at(-1)?.ifMatch).toBe('"5"');
  });

  test('another field that is changed meanwhile does not hold it up', async () => {
    const { user } = await conflict();
    await user.click(screen.getByRole('radio', { name: /^Mine/ }));
    change('Dan', { service: 'ledger' });
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(stored).toMatchObject({ title: 'My title', service: 'ledger' }));
  });

  test('takes the focus and keeps it', async () => {
    await conflict();
    expect(panel()).toHaveFocus();
  });

  test('waits, whatever else is changed meanwhile', async () => {
    const { user } = await conflict();
    await user.click(screen.getByRole('button', { name: 'Mitigated' }));
    await waitFor(() => expect(stored.status).toBe('MITIGATED'));
    expect(panel()).toHaveTextContent('My title');
  });

  test('is kept with what was typed when the page is left, and leaves the focus alone then', async () => {
    const { unmount } = await conflict();
    unmount();
    const { user } = await open('Their title');
    expect(panel()).not.toHaveFocus();
    await user.click(screen.getByRole('radio', { name: /^Mine.*My title$/ }));
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(stored.title).toBe('My title'));
  });

  test('is over when theirs becomes the same', async () => {
    const { unmount } = await conflict();
    unmount();
    change('Cleo', { title: 'My title' });
    await open('My title');
    await waitFor(() => expect(localStorage.getItem(`draft:conflict:${stored.id}`)).toBeNull());
    expect(screen.queryByRole('region', { name: /changed while/ })).toBeNull();
  });

  test('that cannot be saved for now can be saved later', async () => {
    const { user } = await conflict();
    await user.click(screen.getByRole('radio', { name: /^Mine/ }));
    const { body, init } = problem(500);
    server.use(
      http.patch('/api/incidents/:id', () => HttpResponse.json(body, init), { once: true }),
    );
    await user.click(screen.getByRole('button', { name: 'Save' }));
    expect(await screen.findByRole('alert')).toHaveTextContent('Problem 500.');
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(stored.title).toBe('My title'));
  });
});

describe('writing on a bad line', () => {
  test('an edit whose answer is lost is sent again, under the same key', async () => {
    const { user } = await open();
    server.use(
      http.patch(
        '/api/incidents/:id',
        ({ request }) => {
          keysSent.push(request.headers.get('Idempotency-Key'));
          return HttpResponse.error();
        },
        { once: true },
      ),
    );
    await user.click(screen.getByRole('button', { name: 'Mitigated' }));
    await waitFor(() => expect(stored.status).toBe('MITIGATED'));
    expect(keysSent).toHaveLength(2);
    expect(keysSent[0]).toMatch(/^\w{32}$/);
    expect(keysSent[1]).toBe(keysSent[0]);
  });

  test('so is one that the person repeats; the next edit has a key of its own', async () => {
    const { user } = await open();
    let down = true;
    server.use(
      http.patch('/api/incidents/:id', ({ request }) => {
        if (!down) return undefined;
        keysSent.push(request.headers.get('Idempotency-Key'));
        return HttpResponse.error();
      }),
    );
    await user.click(screen.getByRole('button', { name: 'Mitigated' }));
    const retry = await screen.findByRole('button', { name: 'Retry' });
    expect(keysSent).toHaveLength(3);
    down = false;
    await user.click(retry);
    await waitFor(() => expect(stored.status).toBe('MITIGATED'));
    expect(new Set(keysSent).size).toBe(1);
    await user.click(screen.getByRole('button', { name: 'SEV1' }));
    await waitFor(() => expect(stored.severity).toBe('SEV1'));
    expect(new Set(keysSent).size).toBe(2);
  });
});

describe('times', () => {
  test('while it is open, the clock runs against the target', async () => {
    const startedAt = new Date(Date.now() - 65 * 60_000).toISOString();
    stored = { ...stored, startedAt, severity: 'SEV1' };
    await open();
    const times = screen.getByRole('region', { name: 'Times' });
    expect(times).toHaveTextContent('Time to mitigate1h 5m so far, ▲ 5m past the target of 1h');
    expect(times).toHaveTextContent('Time to resolve1h 5m so far');
  });

  test('a time out of order is refused at its field, in local words', async () => {
    stored = { ...stored, status: 'MITIGATED', mitigatedAt: '2025-03-04T14:30:00Z' };
    const { user } = await open();
    await user.click(screen.getByRole('button', { name: 'Edit start time' }));
    const input = screen.getByLabelText('Started, local time');
    await user.clear(input);
    await user.type(input, toLocalInput('2025-03-04T14:31:00Z'));
    expect(input).toHaveAccessibleDescription('= 2025-03-04 14:31:00 UTC');
    await user.keyboard('{Enter}');
    expect(input).toHaveAccessibleDescription(/^After the mitigation, /);
    expect(patches).toEqual([]);
  });

  test('what the server has against a time is told at its field', async () => {
    const { body, init } = problem(422, { errors: { startedAt: ['Must not be in the future.'] } });
    server.use(http.patch('/api/incidents/:id', () => HttpResponse.json(body, init)));
    const { user } = await open();
    await user.click(screen.getByRole('button', { name: 'Edit start time' }));
    const input = screen.getByLabelText('Started, local time');
    await user.clear(input);
    await user.type(input, '2099-01-01T00:00:00');
    await user.keyboard('{Enter}');
    await waitFor(() => expect(input).toHaveAccessibleDescription('Must not be in the future.'));
    expect(input).toHaveFocus();
  });

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
