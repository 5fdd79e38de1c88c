import { act, screen, waitFor, within } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { beforeEach, describe, expect, test } from 'vitest';
import { setDisplayName } from '@/lib/display-name';
import { facets, incident, page, problem } from '@/testing/incidents';
import { renderApp } from '@/testing/render-app';
import { server } from '@/testing/server';

const ID = incident().id;
const OUTBOX = `outbox:${ID}`;
const DRAFT = `draft:comment:${ID}`;

interface Sent {
  key: string | null;
  actor: string | null;
  body: unknown;
}

let stored: ReturnType<typeof incident>;
let events: ReturnType<typeof event>[];
/** Every request to comment or to revert, in order. */
let sent: Sent[];

const changeId = (id: number) => `01900000-0000-7000-9000-${String(id).padStart(12, '0')}`;

function event(id: number, actor: string, changes: object, part: object = {}) {
  return {
    id,
    incidentId: ID,
    changeId: changeId(id),
    type: 'updated',
    actor,
    at: new Date(Date.parse('2025-03-04T14:00:00Z') + id * 60_000).toISOString(),
    changes,
    comment: null as string | null,
    changeSize: 1,
    revertsChangeId: null as string | null,
    ...part,
  };
}

function note(request: Request, body: unknown): string {
  const actor = request.headers.get('X-Actor');
  const key = request.headers.get('Idempotency-Key');
  sent.push({ key, actor: actor && decodeURIComponent(actor), body });
  return key ?? '';
}

/** A server that keeps comments and reverts once per idempotency key. */
beforeEach(() => {
  stored = incident({ severity: 'SEV1', version: 3 });
  events = [
    event(1, 'Ana', {}, { type: 'created' }),
    event(2, 'Bo', { severity: ['SEV3', 'SEV1'] }),
    event(3, 'Ana', { owner: [null, 'Ana'] }),
  ];
  sent = [];
  const answers = new Map<string, unknown>();
  server.use(
    http.get('/api/incidents/facets', () => HttpResponse.json(facets)),
    http.get('/api/services', () => HttpResponse.json({ items: [] })),
    http.get('/api/incidents/:id', () => HttpResponse.json(stored)),
    http.get('/api/incidents', () => HttpResponse.json(page([stored]))),
    http.get('/api/incidents/:id/events', () =>
      HttpResponse.json({ items: events, nextCursor: null }),
    ),
    http.post('/api/incidents/:id/comments', async ({ request }) => {
      const { body } = (await request.json()) as { body: string };
      const key = note(request, body);
      const known = answers.get(key);
      if (known) return HttpResponse.json(known, { status: 201 });
      const actor = decodeURIComponent(request.headers.get('X-Actor') ?? 'anonymous');
      const at = new Date().toISOString();
      const id = events.length + 1;
      const added = event(id, actor, {}, { type: 'commented', comment: body, at });
      answers.set(key, added);
      events.push(added);
      return HttpResponse.json(added, { status: 201 });
    }),
    http.post('/api/changes/:id/revert', ({ request, params }) => {
      note(request, params.id);
      return HttpResponse.json(revert(String(params.id)));
    }),
    http.patch('/api/incidents/:id', async ({ request }) => {
      const [field = '', to] = Object.entries((await request.json()) as object)[0] ?? [];
      const at = new Date().toISOString();
      const changes = { [field]: [stored[field as keyof typeof stored], to] };
      stored = { ...stored, [field]: to, version: stored.version + 1, updatedAt: at };
      const added = event(events.length + 1, 'anonymous', changes, { at });
      events.push(added);
      return HttpResponse.json(stored, { headers: { 'Change-Id': added.changeId } });
    }),
  );
});

function revert(id: string) {
  const undone = events.find((one) => one.changeId === id);
  const back = Object.entries(undone?.changes ?? {}).map(([field, [from, to]]) => {
    stored = { ...stored, [field]: from, version: stored.version + 1 };
    return [field, [to, from]];
  });
  const part = { type: 'reverted', revertsChangeId: id, at: new Date().toISOString() };
  const added = event(events.length + 1, 'Cleo', Object.fromEntries(back), part);
  events.push(added);
  return {
    changeId: added.changeId,
    matched: 1,
    changed: 1,
    items: [{ id: ID, version: stored.version }],
  };
}

/** Every answer to a comment fails until `online` is called. */
function offline() {
  let down = true;
  server.use(
    http.post('/api/incidents/:id/comments', ({ request }) => {
      if (!down) return undefined;
      note(request, null);
      return HttpResponse.error();
    }),
  );
  return { online: () => (down = false) };
}

const timeline = () => within(screen.getByRole('region', { name: 'Timeline' }));
const entries = () => timeline().getAllByRole('listitem');
const box = () => screen.getByRole('textbox', { name: 'Comment' });
const SEND = '{Control>}{Enter}{/Control}';

async function open() {
  const app = renderApp('/incidents/INC-42');
  await screen.findByRole('heading', { level: 1, name: stored.title });
  await waitFor(() => expect(entries()).toHaveLength(events.length));
  return app;
}

test('a change of many says so, before all of it is taken back', async () => {
  events.push(event(4, 'Bo', { service: ['web', 'db'] }, { changeSize: 1214 }));
  await open();
  const entry = entries().at(-1);
  expect(entry).toHaveTextContent('with 1,213 more');
  expect(within(entry as HTMLElement).getByRole('button')).toHaveTextContent('Undo all 1,214');
});

describe('a comment', () => {
  test('is Markdown, signed, and at the end of the stream', async () => {
    setDisplayName('Zoë');
    const { user } = await open();
    await user.type(box(), 'Rolled **back**.');
    await user.click(screen.getByRole('button', { name: 'Preview' }));
    expect(await screen.findByText('back')).toHaveProperty('tagName', 'STRONG');
    await user.keyboard(SEND);
    await waitFor(() => expect(events).toHaveLength(4));
    await waitFor(() =>
      expect(entries().at(-1)).toHaveTextContent(/^Zoë commented .*Rolled back\.$/),
    );
    expect(entries()).toHaveLength(4);
    expect(sent).toMatchObject([{ actor: 'Zoë', body: 'Rolled **back**.' }]);
    // Ready for the next one.
    expect(box()).toHaveValue('');
    expect(box()).toHaveFocus();
    expect(Object.keys(localStorage)).toEqual(['displayName']);
  });

  test('is shown at once, while it is on its way, and sent once however often one presses', async () => {
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    server.use(
      http.post('/api/incidents/:id/comments', async () => {
        await held;
        return undefined;
      }),
    );
    const { user } = await open();
    await user.type(box(), 'Looking.');
    await user.keyboard(SEND + SEND);
    await user.click(screen.getByRole('button', { name: 'Comment' }));
    expect(entries().at(-1)).toHaveTextContent(/Sending….*Looking\./);
    letGo();
    await waitFor(() => expect(timeline().queryByText('Sending…')).toBeNull());
    expect(entries()).toHaveLength(4);
    expect(sent).toHaveLength(1);
  });

  test('that fails stays readable, survives a reload, and Retry uses the same key', async () => {
    const line = offline();
    const { user, unmount } = await open();
    await user.type(box(), 'On a train.');
    await user.keyboard(SEND);
    expect(await timeline().findByRole('alert')).toHaveTextContent('The server cannot be reached.');
    expect(sent).toHaveLength(3);
    unmount();

    const again = renderApp('/incidents/INC-42');
    await waitFor(() => expect(entries()).toHaveLength(4));
    expect(entries().at(-1)).toHaveTextContent('On a train.');
    line.online();
    await again.user.click(timeline().getByRole('button', { name: 'Retry' }));
    await waitFor(() => expect(events).toHaveLength(4));
    await waitFor(() => expect(timeline().queryByRole('alert')).toBeNull());
    expect(entries()).toHaveLength(4);
    expect(new Set(sent.map(({ key }) => key)).size).toBe(1);
    expect(localStorage.getItem(OUTBOX)).toBeNull();
  });

  test('that arrived although its answer was lost is there once', async () => {
    let lost = 3;
    server.use(
      http.post('/api/incidents/:id/comments', async ({ request }) => {
        if (lost === 0) return undefined;
        lost -= 1;
        // The server keeps it the first time, under its key; the connection breaks before the answer.
        if (lost === 2)
          events.push(event(4, 'anonymous', {}, { type: 'commented', comment: 'Once.' }));
        note(request, null);
        return HttpResponse.error();
      }),
    );
    const { user } = await open();
    await user.type(box(), 'Once.');
    await user.keyboard(SEND);
    await waitFor(() => expect(sent).toHaveLength(3));
    // As soon as the history tells of it, it is not shown twice.
    await act(() => new Promise((resolve) => setTimeout(resolve, 50)));
    await user.click(screen.getByRole('button', { name: 'Mitigated' }));
    await waitFor(() => expect(timeline().getAllByText('Once.')).toHaveLength(1));
    expect(timeline().queryByRole('alert')).toBeNull();
  });

  test('that was on its way when the page was closed goes on, under its name and key', async () => {
    const outgoing = {
      key: 'k'.repeat(32),
      body: 'Interrupted.',
      actor: 'Zoë',
      at: '2025-03-04T14:05:00Z',
      after: 3,
      error: null,
    };
    localStorage.setItem(OUTBOX, JSON.stringify([outgoing]));
    setDisplayName('Somebody Else');
    renderApp('/incidents/INC-42');
    await waitFor(() => expect(localStorage.getItem(OUTBOX)).toBeNull());
    await waitFor(() => expect(entries()).toHaveLength(4));
    expect(sent).toEqual([{ key: outgoing.key, actor: 'Zoë', body: 'Interrupted.' }]);
    expect(entries().at(-1)).toHaveTextContent(/^Zoë commented/);
  });

  test('whose first sending is still at work waits for its answer', async () => {
    const running = problem(409, { type: 'urn:incident-tracker:problem:running' });
    server.use(
      http.post(
        '/api/incidents/:id/comments',
        () =>
          HttpResponse.json(running.body, {
            ...running.init,
            headers: { ...running.init.headers, 'Retry-After': '0' },
          }),
        { once: true },
      ),
    );
    const { user } = await open();
    await user.type(box(), 'Patience.');
    await user.keyboard(SEND);
    await waitFor(() => expect(events).toHaveLength(4));
    expect(timeline().queryByRole('alert')).toBeNull();
  });

  test('that is refused comes back into its field, with the reason', async () => {
    const { body, init } = problem(422, { errors: { body: ['No control characters.'] } });
    server.use(http.post('/api/incidents/:id/comments', () => HttpResponse.json(body, init)));
    const { user } = await open();
    await user.type(box(), 'Odd text');
    await user.keyboard(SEND);
    await waitFor(() => expect(box()).toHaveAccessibleDescription('No control characters.'));
    expect(box()).toHaveValue('Odd text');
    expect(box()).toBeInvalid();
    expect(entries()).toHaveLength(3);
    await user.type(box(), '!');
    expect(box()).toBeValid();
  });

  test('can be taken back into the box, or thrown away', async () => {
    offline();
    const { user } = await open();
    await user.type(box(), 'First.');
    await user.keyboard(SEND);
    await timeline().findByRole('alert');
    await user.type(box(), 'Next.');
    await user.click(timeline().getByRole('button', { name: 'Edit' }));
    expect(box()).toHaveValue('First.\n\nNext.');
    expect(box()).toHaveFocus();
    await user.keyboard(SEND);
    await timeline().findByRole('alert');
    await user.click(timeline().getByRole('button', { name: 'Discard' }));
    expect(entries()).toHaveLength(3);
    expect(box()).toHaveFocus();
    expect(localStorage.getItem(OUTBOX)).toBeNull();
  });

  test('that is being written survives leaving the page, and a fresh history', async () => {
    const { user, unmount } = await open();
    await user.type(box(), 'Half a tho');
    await user.click(screen.getByRole('button', { name: 'Mitigated' }));
    await waitFor(() => expect(entries()).toHaveLength(4));
    expect(box()).toHaveValue('Half a tho');
    unmount();
    await open();
    expect(box()).toHaveValue('Half a tho');
    expect(sent).toEqual([]);
  });

  test('too long or empty is not sent', async () => {
    const { user } = await open();
    await user.click(box());
    await user.keyboard(`  ${SEND}`);
    act(() => localStorage.setItem(DRAFT, 'x'.repeat(20_001)));
    act(() => void window.dispatchEvent(new StorageEvent('storage')));
    await user.keyboard(SEND);
    expect(box()).toHaveAccessibleDescription('At most 20000 characters; these are 20001.');
    expect(sent).toEqual([]);
  });

  test('is not sent by keys that are pressed elsewhere', async () => {
    const { user } = await open();
    await user.type(box(), 'A forgotten draft');
    await user.click(screen.getByRole('button', { name: 'SEV1' }));
    await user.keyboard(SEND);
    expect(sent).toEqual([]);
    expect(box()).toHaveValue('A forgotten draft');
  });
});

describe('undo', () => {
  /** The button at a change, in the words of its entry. */
  function undo(words: RegExp): HTMLElement {
    const found = timeline()
      .getAllByRole('button', { name: 'Undo' })
      .find((button) => words.test(button.closest('li')?.textContent ?? ''));
    if (!found) throw new Error(`no Undo at ${words}`);
    return found;
  }

  const toast = () => within(screen.getByRole('region', { name: /Notifications/ }));

  test('is at every change of fields, and nowhere else', async () => {
    events.push(event(4, 'Bo', {}, { type: 'commented', comment: 'Well.' }));
    await open();
    const buttons = timeline().getAllByRole('button', { name: 'Undo' });
    expect(buttons).toHaveLength(2);
    expect(buttons[0]).toHaveAccessibleDescription('Bo changed the severity SEV3 to SEV1');
    expect(buttons[1]).toHaveAccessibleDescription('Ana took it on');
    expect(undo(/took it on/)).toHaveClass('newest');
  });

  test('takes a change back, and can be taken back itself', async () => {
    const { user } = await open();
    await user.click(undo(/severity/));
    await waitFor(() => expect(entries()).toHaveLength(4));
    expect(entries().at(-1)).toHaveTextContent(/^Cleo undid Bo’s change: severity SEV1 → to SEV3/);
    expect(entries()[1]).toHaveTextContent('undone by Cleo');
    await waitFor(() => expect(entries()[1]).toHaveFocus());
    expect(screen.getByRole('button', { name: 'SEV3' })).toHaveAttribute('aria-pressed', 'true');

    await user.click(await toast().findByRole('button', { name: 'Redo' }));
    await waitFor(() => expect(entries()).toHaveLength(5));
    expect(entries().at(-1)).toHaveTextContent(/undid their own undo: severity SEV3 → to SEV1/);
    expect(sent.map(({ body }) => body)).toEqual([changeId(2), changeId(4)]);
    expect(new Set(sent.map(({ key }) => key)).size).toBe(2);
  });

  test('that is too late says at the entry who changed what since', async () => {
    const conflicts = [
      {
        id: ID,
        number: 42,
        title: 'x',
        fields: ['severity'],
        actor: 'Dan',
        at: new Date().toISOString(),
      },
    ];
    const { body, init } = problem(409, {
      type: 'urn:incident-tracker:problem:overtaken',
      conflicts,
    });
    server.use(http.post('/api/changes/:id/revert', () => HttpResponse.json(body, init)));
    const { user } = await open();
    await user.click(undo(/severity/));
    const alert = await timeline().findByRole('alert');
    expect(alert).toHaveTextContent('Not undone.Dan has changed the severity since (just now).');
    expect(entries()[1]).toContainElement(alert);
    expect(undo(/severity/)).toHaveFocus();
  });

  test('whose answer is lost is asked for again, under the same key', async () => {
    server.use(
      http.post(
        '/api/changes/:id/revert',
        ({ request }) => {
          note(request, null);
          return HttpResponse.error();
        },
        { once: true },
      ),
    );
    const { user } = await open();
    await user.click(undo(/severity/));
    await waitFor(() => expect(entries()).toHaveLength(4));
    expect(sent).toHaveLength(2);
    expect(sent[1]?.key).toBe(sent[0]?.key);
  });

  test('is offered after every edit, for exactly that edit', async () => {
    const { user } = await open();
    await user.click(screen.getByRole('button', { name: 'Mitigated' }));
    expect(await screen.findByText('Mitigated INC-42')).toBeInTheDocument();
    // Somebody else does something before Undo is pressed.
    const at = new Date(Date.now() + 1_000).toISOString();
    events.push(event(events.length + 1, 'Dan', { owner: ['Ana', 'Dan'] }, { at }));
    await user.click(toast().getByRole('button', { name: 'Undo' }));
    await waitFor(() => expect(sent.map(({ body }) => body)).toEqual([changeId(4)]));
    await waitFor(() => expect(stored.status).toBe('OPEN'));
  });
});
