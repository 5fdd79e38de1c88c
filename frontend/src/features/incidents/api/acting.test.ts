import { QueryClient } from '@tanstack/react-query';
import { render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { type Action, toast } from 'sonner';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { readConflict } from '@/features/incidents/model/conflict';
import type { Incident } from '@/features/incidents/model/incident';
import type { Prepared, Target, TriagePatch } from '@/features/incidents/model/triage';
import { DEFAULT_STATE } from '@/lib/search-params';
import { incident, page } from '@/testing/incidents';
import { type Fate, type ModelServer, modelServer } from '@/testing/model-server';
import { server } from '@/testing/server';
import { actingOf } from './acting';
import { keys as queryKeys } from './queries';
import { type Written, writesOf } from './writes';

const realTimeout = globalThis.setTimeout;

/** Waits of the app and of the model take a fiftieth of their time. */
beforeEach(() => {
  vi.stubGlobal('setTimeout', (run: () => void, ms = 0) => realTimeout(run, ms / 50));
  return () => vi.stubGlobal('setTimeout', realTimeout);
});

/** A small generator of numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomOf(seed: number) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a toast or its button says, with its roles. */
function drawn(words: ReactNode): string {
  const { container, unmount } = render(words);
  const markup = container.innerHTML;
  unmount();
  return markup;
}

const toasts = () => toast.getToasts().map((one) => drawn(wordsOf(one)));

function wordsOf(one: ReturnType<typeof toast.getToasts>[number]): ReactNode {
  const title = 'title' in one ? one.title : null;
  return typeof title === 'function' ? title() : title;
}

function button(label: string) {
  for (const one of toast.getToasts().toReversed()) {
    const { action, cancel } = one as { action?: Action; cancel?: Action };
    const found = [action, cancel].find((each) => each && drawn(each.label).startsWith(label));
    if (found) return () => found.onClick(new MouseEvent('click') as never);
  }
  throw new Error(`no ${label} in ${toasts().join(' | ')}`);
}

/** Answers for the person; what they were asked is what it returns. */
function answering(acting: Acting, answer: (prepared: Prepared) => boolean): Prepared[] {
  const asked: Prepared[] = [];
  const stop = acting.subscribe(() => {
    const { question } = acting.snapshot();
    if (question === null || asked.includes(question.prepared)) return;
    asked.push(question.prepared);
    question.answer(answer(question.prepared));
  });
  onTestFinished(stop);
  return asked;
}

let lastNumber = 0;

function setUp(count = 5) {
  lastNumber += count;
  const all = Array.from({ length: count }, (_, index) =>
    incident({ number: lastNumber - index, severity: 'SEV3', status: 'OPEN' }),
  );
  const { model, handlers } = modelServer(all);
  server.use(...handlers);
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const acting = actingOf(client);
  // What is still on its way would be told amid the next test.
  onTestFinished(async () => {
    await settled(acting);
    await new Promise((resolve) => realTimeout(resolve, 50));
    toast.dismiss();
  });
  const press = (one: Incident, patch: TriagePatch) =>
    acting.act({ kind: 'some', incidents: [one] }, patch);
  return { all, model, acting, press, client, writes: writesOf(client) };
}

type Acting = ReturnType<typeof setUp>['acting'];
type Saved = Extract<Written, { kind: 'saved' }>;

async function settled(acting: Acting) {
  await vi.waitFor(() => {
    for (const mark of acting.snapshot().marks.values()) expect(mark.pending).toBeUndefined();
  }, 10_000);
}

const ACTED_ON = ['status', 'severity', 'owner'] as const;

function seen(one: Incident | undefined) {
  return Object.fromEntries(ACTED_ON.map((field) => [field, one?.[field]]));
}

function expectScreenIsServer(acting: Acting, model: ModelServer, rows: readonly Incident[]) {
  for (const row of rows)
    expect(seen(acting.shown(row))).toEqual(seen(model.incidents.get(row.id)));
}

const PATCHES: readonly TriagePatch[] = [
  { status: 'RESOLVED' },
  { status: 'MITIGATED' },
  { status: 'OPEN' },
  { severity: 'SEV1' },
  { severity: 'SEV2' },
  { severity: 'SEV3' },
  { owner: 'Ana' },
  { owner: null },
];

describe('any keystrokes on a slow line', () => {
  const rounds = Array.from({ length: 15 }, (_, index) => index + 1);

  /** Presses at random, among them undo, while others change the titles, and checks the screen after each. */
  async function round(seed: number, fateOf: (random: () => number) => Fate, isSteady: boolean) {
    const random = randomOf(seed);
    // Of its own, since what is asked of it depends on the machine.
    const randomOfLine = randomOf(-seed);
    const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
    const { all, model, acting, press } = setUp();
    const tries = new Map<string, number>();
    model.line = (request) => {
      // Sent twice in vain at most, where nothing is to fail for good.
      const key = `${request.headers.get('Idempotency-Key')} ${request.headers.get('If-Match')}`;
      const count = (tries.get(key) ?? 0) + 1;
      tries.set(key, count);
      return {
        fate: isSteady && count > 2 ? 'ok' : fateOf(randomOfLine),
        ms: randomOfLine() * 600,
      };
    };
    // What the list might show: any state that the server was ever in.
    const known = new Map(all.map((one) => [one.id, [one]]));
    const wanted = new Map(all.map((one) => [one.id, { ...one }]));
    const undo: { id: string; before: Incident }[] = [];
    let presses = 0;

    for (let step = 0; step < 30; step += 1) {
      const one = pick(all);
      const rows = known.get(one.id) ?? [];
      rows.push(model.incidents.get(one.id) as Incident);
      const want = wanted.get(one.id) as Incident;
      const kind = random();
      if (kind < 0.75) {
        const patch = pick(PATCHES);
        const [field] = Object.keys(patch) as (keyof typeof patch)[];
        const isNew = field && seen(acting.shown(pick(rows)))[field] !== patch[field];
        press(pick(rows), patch);
        // Where something may have been carried out, even a press for what is shown is sent.
        if (isNew || !isSteady) presses += 1;
        if (isNew || !isSteady) {
          undo.push({ id: one.id, before: { ...want } });
          Object.assign(want, patch);
        }
      } else if (kind < 0.85 && isSteady && undo.length > 0) {
        const last = undo.pop();
        acting.undo();
        presses += 1;
        wanted.set(last?.id ?? '', { ...(last?.before as Incident) });
      } else {
        model.changeAs('Bo', one.id, { title: `Title ${step}` });
      }
      for (const [id, states] of isSteady ? known : []) {
        expect(seen(acting.shown(pick(states)))).toEqual(seen(wanted.get(id)));
      }
      // oxlint-disable-next-line no-await-in-loop
      if (random() < 0.5) await new Promise((resolve) => setTimeout(resolve, random() * 400));
    }
    await settled(acting);
    return { all, model, acting, wanted, known, presses };
  }

  const isOwn = ({ actor }: { actor: string }) => actor === 'anonymous';

  test.each(rounds)('come true in their order, each once (seed %i)', async (seed) => {
    const fates: Fate[] = ['ok', 'ok', 'busy', 'unreachable', 'lost'];
    const fateOf = (random: () => number) => fates[Math.floor(random() * fates.length)] as Fate;
    const { all, model, acting, wanted, known, presses } = await round(seed, fateOf, true);
    for (const { id } of all) {
      expect(seen(model.incidents.get(id))).toEqual(seen(wanted.get(id)));
      for (const row of known.get(id) ?? []) expectScreenIsServer(acting, model, [row]);
    }
    expect(model.log.filter(isOwn)).toHaveLength(presses);
    expect(acting.snapshot().marks.size).toBe(0);
    expect(model.load.most).toBeLessThanOrEqual(4);
  });

  test.each(rounds)('come true in the end where they fail at first (seed %i)', async (seed) => {
    const fates: Fate[] = ['busy', 'unreachable', 'lost', 'ok'];
    const fateOf = (random: () => number) => fates[Math.floor(random() ** 0.6 * 4)] as Fate;
    const { all, model, acting, wanted, presses } = await round(seed, fateOf, false);
    expectScreenIsServerWhereDecided(acting, model, all);
    model.line = () => ({ fate: 'ok', ms: 0 });
    // Retried until nothing is left.
    for (const id of acting.snapshot().marks.keys()) acting.retry(id);
    await settled(acting);
    expect(acting.snapshot().marks.size).toBe(0);
    for (const { id } of all) {
      expect(seen(model.incidents.get(id))).toEqual(seen(wanted.get(id)));
    }
    expectScreenIsServer(acting, model, all);
    expect(model.log.filter(isOwn).length).toBeLessThanOrEqual(presses);
  });

  /** Where an answer was lost for good, nobody can know yet. */
  function expectScreenIsServerWhereDecided(acting: Acting, model: ModelServer, all: Incident[]) {
    const { marks } = acting.snapshot();
    expectScreenIsServer(
      acting,
      model,
      all.filter(({ id }) => !marks.has(id)),
    );
  }
});

describe('one change', () => {
  test('is shown at once, told once it has arrived, and taken back by z', async () => {
    const { all, model, acting, press } = setUp(2);
    const [one] = all as [Incident];
    model.line = () => ({ fate: 'ok', ms: 400 });
    press(one, { status: 'RESOLVED' });
    expect(acting.shown(one).status).toBe('RESOLVED');
    expect(acting.snapshot().marks.get(one.id)?.pending).toEqual({ status: 'RESOLVED' });
    expect(toasts()).toEqual([]);
    await settled(acting);
    expect(toasts()).toEqual([`Resolved INC-${one.number}`]);
    acting.undo();
    // The words of what is not so any more are gone before the answer is there.
    expect(toasts()).toEqual([]);
    expect(acting.shown(one).status).toBe('OPEN');
    await vi.waitFor(() => expect(toasts()).toEqual([`Undone: resolved INC-${one.number}`]));
    expect(model.incidents.get(one.id)?.status).toBe('OPEN');
    button('Redo')();
    await vi.waitFor(() => expect(toasts()).toEqual([`Resolved INC-${one.number}`]));
    expect(model.incidents.get(one.id)?.status).toBe('RESOLVED');
    acting.undo();
    await vi.waitFor(() => expect(model.incidents.get(one.id)?.status).toBe('OPEN'));
    acting.undo();
    expect(toasts()).toContain('There is nothing to undo.');
  });

  test('is not sent where it is so already', async () => {
    const { all, model, acting, press } = setUp(1);
    press(all[0] as Incident, { status: 'OPEN' });
    press(all[0] as Incident, { owner: null });
    expect(acting.snapshot().marks.size).toBe(0);
    expect(toasts()).toEqual([
      `INC-${all[0]?.number} is open already.`,
      `INC-${all[0]?.number} is unassigned already.`,
    ]);
    expect(model.load.most).toBe(0);
  });

  test('taken back while it is on its way, it is taken back once it has arrived', async () => {
    const { all, model, acting, press } = setUp(1);
    const [one] = all as [Incident];
    model.line = () => ({ fate: 'ok', ms: 300 });
    press(one, { status: 'RESOLVED' });
    acting.undo();
    expect(acting.shown(one).status).toBe('OPEN');
    await settled(acting);
    expect(model.log.map(({ type }) => type)).toEqual(['updated', 'reverted']);
    await vi.waitFor(() => expect(toasts()).toEqual([`Undone: resolved INC-${one.number}`]));
  });

  test('taken back before it was told is not told any more', async () => {
    const { all, model, acting, press } = setUp(1);
    const [one] = all as [Incident];
    // The undo takes long enough to look meanwhile.
    model.line = ({ method }) => ({ fate: 'ok', ms: method === 'PATCH' ? 0 : 10_000 });
    press(one, { status: 'RESOLVED' });
    acting.undo();
    await vi.waitFor(() => expect(model.load).toEqual({ now: 1, most: 1 }));
    await vi.waitFor(() => expect(model.log).toHaveLength(1));
    await new Promise((resolve) => realTimeout(resolve, 50));
    expect(model.log).toHaveLength(1);
    expect(toasts()).toEqual([]);
    await settled(acting);
  });

  test('done to several in turn is told in one, whose button says what it takes back', async () => {
    const { all, acting, press } = setUp(10);
    for (const one of all) press(one, { status: 'RESOLVED' });
    await vi.waitFor(() => expect(toasts()).toEqual(['Resolved 10 incidents']));
    await settled(acting);
    button('Undo INC-')();
    await vi.waitFor(() => expect(toasts()[0]).toMatch(/^Undone: resolved INC-/));
    press(all[3] as Incident, { severity: 'SEV1' });
    await vi.waitFor(() => expect(toasts()).toEqual([`Set INC-${all[3]?.number} to SEV1`]));
  });

  test('of a field that somebody else changed since is marked with their name, and not written', async () => {
    const { all, model, acting, press } = setUp(1);
    const [one] = all as [Incident];
    const opened: string[] = [];
    acting.onOpen((path) => opened.push(path));
    model.changeAs('Ana', one.id, { status: 'MITIGATED', title: 'Another title' });
    press(one, { status: 'RESOLVED' });
    await vi.waitFor(() =>
      expect(acting.snapshot().marks.get(one.id)).toEqual({
        conflict: { by: 'Ana', fields: ['status'] },
      }),
    );
    expect(model.incidents.get(one.id)?.status).toBe('MITIGATED');
    expect(acting.shown(one)).toMatchObject({ status: 'MITIGATED', title: 'Another title' });
    await vi.waitFor(() =>
      expect(toasts()).toEqual([
        `<span role="alert">INC-${one.number} was not resolved: Ana has changed the status since.</span>`,
      ]),
    );
    button('Review')();
    expect(opened).toEqual([`/incidents/INC-${one.number}`]);
    expect(readConflict(one.id)).toMatchObject({ base: one, patch: { status: 'RESOLVED' } });
    acting.undo();
    expect(model.log).toHaveLength(1);
    // Decided at the incident, the mark goes; so it does where it is done after all.
    press(acting.shown(one), { status: 'RESOLVED' });
    await settled(acting);
    expect(readConflict(one.id)).toBeNull();
    expect(acting.snapshot().marks.size).toBe(0);
    expect(model.incidents.get(one.id)?.status).toBe('RESOLVED');
  });

  test('joins what somebody else changed in other fields', async () => {
    const { all, model, acting, press } = setUp(1);
    const [one] = all as [Incident];
    model.changeAs('Ana', one.id, { owner: 'Ana' });
    press(one, { status: 'RESOLVED' });
    await settled(acting);
    expect(model.incidents.get(one.id)).toMatchObject({ status: 'RESOLVED', owner: 'Ana' });
    expect(acting.shown(one)).toMatchObject({ status: 'RESOLVED', owner: 'Ana' });
    expect(toasts()).toEqual([`Resolved INC-${one.number}`]);
  });
});

describe('a change that fails', () => {
  test('is rolled back and marked, and Retry sends it under the same key', async () => {
    const { all, model, acting, press } = setUp(2);
    const [one] = all as [Incident];
    const sent: (string | null)[] = [];
    model.line = (request) => {
      sent.push(request.headers.get('Idempotency-Key'));
      return { fate: 'lost', ms: 0 };
    };
    press(one, { status: 'RESOLVED' });
    await settled(acting);
    expect(acting.shown(one).status).toBe('OPEN');
    expect(acting.snapshot().marks.get(one.id)?.failed).toEqual({
      reason: 'The server cannot be reached.',
      canRetry: true,
    });
    await vi.waitFor(() =>
      expect(toasts()).toEqual([
        `<span role="alert">INC-${one.number} was not resolved. The server cannot be reached.</span>`,
      ]),
    );
    model.line = (request) => {
      sent.push(request.headers.get('Idempotency-Key'));
      return { fate: 'ok', ms: 0 };
    };
    button('Retry')();
    await settled(acting);
    expect(new Set(sent).size).toBe(1);
    expect(model.log).toHaveLength(1);
    await vi.waitFor(() => expect(toasts()).toEqual([`Resolved INC-${one.number}`]));
    acting.undo();
    await settled(acting);
    expect(model.incidents.get(one.id)?.status).toBe('OPEN');
  });

  test('together with others is told once, and all are retried or dismissed', async () => {
    const { all, model, acting, press } = setUp(6);
    model.line = () => ({ fate: 'unreachable', ms: 0 });
    for (const one of all) press(one, { status: 'RESOLVED' });
    await settled(acting);
    await vi.waitFor(() => expect(toasts()[0]).toContain('6 changes were not made'));
    expect(toasts()).toHaveLength(1);
    acting.dismiss(all[0]?.id ?? '');
    await vi.waitFor(() => expect(toasts()[0]).toContain('5 changes were not made'));
    model.line = () => ({ fate: 'ok', ms: 0 });
    button('Retry all')();
    await settled(acting);
    expect([...model.incidents.values()].map(({ status }) => status).toSorted()).toEqual([
      'OPEN',
      ...Array.from({ length: 5 }, () => 'RESOLVED'),
    ]);
    await vi.waitFor(() => expect(toasts()).toEqual(['Resolved 5 incidents']));
  });

  test('because the incident was deleted cannot be retried', async () => {
    const { all, model, acting, press } = setUp(1);
    const [one] = all as [Incident];
    model.incidents.delete(one.id);
    press(one, { status: 'RESOLVED' });
    await settled(acting);
    expect(acting.snapshot().marks.get(one.id)?.failed).toEqual({
      reason: 'It does not exist any more.',
      canRetry: false,
    });
    acting.retry(one.id);
    expect(acting.snapshot().marks.size).toBe(0);
    expect(model.load.most).toBe(1);
  });

  test('is not mistaken for a later one that wants the same', async () => {
    const { all, model, acting, press } = setUp(1);
    const [one] = all as [Incident];
    const keys = new Map<string | null, Fate>();
    model.line = (request) => {
      const key = request.headers.get('Idempotency-Key');
      // Of three presses the answers to the first are lost.
      keys.set(key, keys.get(key) ?? (keys.size === 0 ? 'lost' : 'ok'));
      return { fate: keys.get(key) ?? 'ok', ms: 0 };
    };
    for (const status of ['RESOLVED', 'MITIGATED', 'RESOLVED'] as const) press(one, { status });
    await settled(acting);
    expect(keys.size).toBe(3);
    expect(model.log).toHaveLength(3);
    expect(model.incidents.get(one.id)?.status).toBe('RESOLVED');
    expect(acting.snapshot().marks.size).toBe(0);
  });

  test('although it was carried out is nobody else’s change', async () => {
    const { all, model, writes } = setUp(1);
    const [from] = all as [Incident];
    model.line = () => ({ fate: 'lost', ms: 0 });
    const actor = 'anonymous';
    const lost = await writes.edit({ patch: { status: 'RESOLVED' }, from, actor });
    expect(lost.kind).toBe('failed');
    model.line = () => ({ fate: 'ok', ms: 0 });
    const next = await writes.edit({ patch: { status: 'MITIGATED' }, from, actor });
    expect(next.kind).toBe('saved');
    model.changeAs('Ana', from.id, { status: 'OPEN' });
    const late = await writes.edit({
      patch: { status: 'RESOLVED' },
      from: (next as Saved).incident,
      actor,
    });
    expect(late.kind).toBe('conflict');
  });

  test('is given up for a later one of the same field', async () => {
    const { all, model, acting, press } = setUp(1);
    const [one] = all as [Incident];
    model.line = () => ({ fate: 'busy', ms: 0 });
    press(one, { severity: 'SEV1' });
    press(one, { status: 'RESOLVED' });
    await settled(acting);
    model.line = () => ({ fate: 'ok', ms: 0 });
    // What may have been carried out is sent again first, so that nothing is built upon a guess.
    press(one, { status: 'MITIGATED' });
    await settled(acting);
    expect(model.incidents.get(one.id)).toMatchObject({ status: 'MITIGATED', severity: 'SEV1' });
    expect(acting.snapshot().marks.size).toBe(0);
  });

  test('an undo that comes too late says who changed what', async () => {
    const { all, model, acting, press } = setUp(1);
    const [one] = all as [Incident];
    press(one, { status: 'RESOLVED' });
    await settled(acting);
    model.changeAs('Ana', one.id, { status: 'MITIGATED' });
    acting.undo();
    await vi.waitFor(() =>
      expect(toasts()[0]).toContain(
        `Not undone. INC-${one.number}: Ana has changed the status since (just now).`,
      ),
    );
    expect(() => button('Retry')).toThrow('no Retry');
    expect(model.incidents.get(one.id)?.status).toBe('MITIGATED');
  });

  test('an undo without an answer can be pressed for again', async () => {
    const { all, model, acting, press } = setUp(1);
    const [one] = all as [Incident];
    press(one, { status: 'RESOLVED' });
    await settled(acting);
    model.line = () => ({ fate: 'lost', ms: 0 });
    acting.undo();
    await vi.waitFor(() =>
      expect(toasts()[0]).toContain('Not undone. The server cannot be reached.'),
    );
    model.line = () => ({ fate: 'ok', ms: 0 });
    acting.undo();
    await settled(acting);
    expect(model.log.map(({ type }) => type)).toEqual(['updated', 'reverted']);
  });

  test('a redo without an answer leaves to z what was done before it', async () => {
    const { all, model, acting, press } = setUp(2);
    const [one, other] = all as [Incident, Incident];
    press(one, { status: 'RESOLVED' });
    press(other, { status: 'RESOLVED' });
    await settled(acting);
    acting.undo();
    await vi.waitFor(() => expect(toasts()).toEqual([`Undone: resolved INC-${other.number}`]));
    model.line = () => ({ fate: 'unreachable', ms: 0 });
    button('Redo')();
    await vi.waitFor(() => expect(toasts()[0]).toContain('Not redone.'));
    model.line = () => ({ fate: 'ok', ms: 0 });
    acting.undo();
    await vi.waitFor(() => expect(model.incidents.get(one.id)?.status).toBe('OPEN'));
    expect(model.incidents.get(other.id)?.status).toBe('OPEN');
    button('Retry')();
    await vi.waitFor(() => expect(model.incidents.get(other.id)?.status).toBe('RESOLVED'));
    acting.undo();
    await vi.waitFor(() => expect(model.incidents.get(other.id)?.status).toBe('OPEN'));
  });

  test('undos without an answer keep their order, and each is sent again once', async () => {
    const { all, model, acting, press } = setUp(3);
    const [first, second, third] = all as [Incident, Incident, Incident];
    for (const one of all) press(one, { status: 'RESOLVED' });
    await settled(acting);
    model.line = () => ({ fate: 'unreachable', ms: 0 });
    acting.undo();
    acting.undo();
    await vi.waitFor(() => expect(toasts().join(' ')).toMatch(/(Not undone.*){2}/));
    let sent = 0;
    model.line = () => {
      sent += 1;
      return { fate: 'ok', ms: 300 };
    };
    acting.undo();
    expect(acting.shown(third).status).toBe('OPEN');
    expect(acting.shown(second).status).toBe('RESOLVED');
    // The toasts are still there.
    button('Retry')();
    button('Retry')();
    await settled(acting);
    acting.undo();
    await settled(acting);
    acting.undo();
    await settled(acting);
    expect(sent).toBe(3);
    expect(model.incidents.get(first.id)?.status).toBe('OPEN');
    acting.undo();
    expect(toasts()).toContain('There is nothing to undo.');
  });

  test('what is taken back in the history is told at once, and z leaves it out', async () => {
    const { all, model, acting, press } = setUp(4);
    const [first, second, third, fourth] = all as [Incident, Incident, Incident, Incident];
    const changeOf = (one: Incident) =>
      model.log.find(({ incidentId }) => incidentId === one.id)?.changeId ?? '';
    press(second, { status: 'RESOLVED' });
    await settled(acting);
    press(third, { status: 'RESOLVED' });
    await settled(acting);
    model.line = ({ method }) => ({ fate: 'ok', ms: method === 'PATCH' ? 10_000 : 0 });
    press(first, { status: 'RESOLVED' });
    await acting.takeBackOf(second, changeOf(second));
    expect(toasts()).toContain(`Undone: changed INC-${second.number}`);
    expect(acting.snapshot().marks.get(first.id)?.pending).toBeDefined();
    press(fourth, { status: 'RESOLVED' });
    acting.undo();
    acting.undo();
    expect(acting.shown(first).status).toBe('OPEN');
    await settled(acting);
    acting.undo();
    await settled(acting);
    expect([...model.incidents.values()].map(({ status }) => status)).toEqual(
      all.map(() => 'OPEN'),
    );
    acting.undo();
    expect(toasts()).toContain('There is nothing to undo.');
  });
});

describe('leaving the page', () => {
  const leave = () => {
    const event = new Event('beforeunload', { cancelable: true });
    window.dispatchEvent(event);
    return event.defaultPrevented;
  };

  test('is warned of while something is on its way, and only then', async () => {
    const { all, acting, press } = setUp(1);
    expect(leave()).toBe(false);
    press(all[0] as Incident, { status: 'RESOLVED' });
    expect(leave()).toBe(true);
    await settled(acting);
    expect(leave()).toBe(false);
  });
});

describe('many at once', () => {
  const some = (incidents: readonly Incident[]): Target => ({ kind: 'some', incidents });
  const open: Target = {
    kind: 'matching',
    total: 3,
    state: { ...DEFAULT_STATE, q: 'status:open' },
  };

  test('are one request, one change and one undo', async () => {
    const { all, model, acting } = setUp(4);
    model.line = () => ({ fate: 'ok', ms: 300 });
    acting.act(some(all), { status: 'RESOLVED' });
    await vi.waitFor(() => {
      for (const one of all) expect(acting.shown(one).status).toBe('RESOLVED');
    });
    await settled(acting);
    expect(model.load.most).toBe(1);
    expect(new Set(model.log.map(({ changeId }) => changeId)).size).toBe(1);
    await vi.waitFor(() => expect(toasts()).toEqual(['Resolved 4 incidents']));
    acting.undo();
    for (const one of all) expect(acting.shown(one).status).toBe('OPEN');
    await settled(acting);
    for (const one of all) expect(model.incidents.get(one.id)?.status).toBe('OPEN');
    await vi.waitFor(() => expect(toasts()).toEqual(['Undone: resolved 4 incidents']));
  });

  test('wait for what is on its way about one of them', async () => {
    const { all, model, acting, press } = setUp(3);
    const [one] = all as [Incident];
    model.line = (request) => ({ fate: 'ok', ms: request.method === 'PATCH' ? 600 : 0 });
    press(one, { status: 'MITIGATED' });
    acting.act(some(all), { status: 'RESOLVED' });
    await vi.waitFor(() => expect(acting.shown(one).status).toBe('RESOLVED'));
    press(one, { severity: 'SEV1' });
    await settled(acting);
    expect(model.incidents.get(one.id)).toMatchObject({ status: 'RESOLVED', severity: 'SEV1' });
    expect(model.log.map(({ changes }) => Object.keys(changes)[0])).toEqual([
      ...Array.from({ length: 4 }, () => 'status'),
      'severity',
    ]);
  });

  test('ask first where a SEV1 is among them', async () => {
    const { all, model, acting, press } = setUp(3);
    press(all[0] as Incident, { severity: 'SEV1' });
    await settled(acting);
    const asked = answering(acting, () => asked.length > 1);
    acting.act(some(all), { status: 'RESOLVED' });
    await vi.waitFor(() =>
      expect(asked).toMatchObject([{ count: 3, sev1: 1, words: 'Resolve 3 incidents' }]),
    );
    expect(model.log).toHaveLength(1);
    acting.act(some(all), { status: 'RESOLVED' });
    await vi.waitFor(() => expect(model.log).toHaveLength(4));
  });

  test('more than a request may name are refused', () => {
    const { acting, all } = setUp(1);
    const many = Array.from({ length: 1_001 }, () => all[0] as Incident);
    acting.act(some(many), { status: 'RESOLVED' });
    expect(toasts()[0]).toContain('Select at most 1,000 incidents, or all that match.');
  });

  test('that match are counted, agreed to, and counted again where another number matches', async () => {
    const { all, model, acting, press } = setUp(3);
    press(all[0] as Incident, { severity: 'SEV1' });
    press(all[1] as Incident, { status: 'MITIGATED' });
    await settled(acting);
    const asked = answering(acting, () => {
      if (asked.length === 1) model.changeAs('Bo', all[1]?.id ?? '', { status: 'OPEN' });
      return true;
    });
    acting.act(open, { owner: 'Ana' });
    await vi.waitFor(() => expect(toasts()).toEqual(['Assigned 3 incidents to Ana']));
    expect(asked).toMatchObject([
      { count: 2, changed: 2, sev1: 1, again: false },
      { count: 3, changed: 3, sev1: 1, again: true },
    ]);
    for (const one of all) expect(model.incidents.get(one.id)?.owner).toBe('Ana');
    acting.undo();
    await vi.waitFor(() => expect(toasts()).toEqual(['Undone: assigned 3 incidents to Ana']));
    for (const one of all) expect(model.incidents.get(one.id)?.owner).toBeNull();
  });

  test('are asked about one at a time', async () => {
    const { all, model, acting } = setUp(2);
    model.line = () => ({ fate: 'ok', ms: 300 });
    acting.act(open, { status: 'RESOLVED' });
    // While it is counted, and while it is asked.
    acting.act(open, { status: 'MITIGATED' });
    expect(toasts()[0]).toContain('Nothing was changed: another change of many waits');
    const question = await vi.waitFor(() => {
      const { question: asked } = acting.snapshot();
      expect(asked?.prepared.words).toBe('Resolve 2 incidents');
      return asked;
    });
    acting.act(some(all), { severity: 'SEV1' });
    expect(toasts()).toHaveLength(2);
    question?.answer(false);
    // The answer is taken before anything else can be pressed.
    await new Promise((resolve) => realTimeout(resolve));
    button('Retry')();
    await vi.waitFor(() => expect(model.log).toHaveLength(2));
    for (const one of all) expect(model.incidents.get(one.id)).toMatchObject({ severity: 'SEV1' });
    expect(acting.snapshot().question).toBeNull();
  });

  test('that match are left alone where the person says no, or none is left', async () => {
    const { acting, model } = setUp(2);
    const asked = answering(acting, () => false);
    acting.act(open, { owner: 'Ana' });
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    acting.act(open, { status: 'OPEN' });
    await vi.waitFor(() => expect(toasts()).toEqual(['2 incidents are open already.']));
    for (const id of model.incidents.keys()) model.changeAs('Bo', id, { status: 'RESOLVED' });
    acting.act(open, { owner: 'Ana' });
    await vi.waitFor(() => expect(toasts()).toContain('No incident matches any more.'));
    expect(asked).toHaveLength(1);
  });

  test('that match come between what was wanted before of one of them, and what is wanted later', async () => {
    const { all, model, acting, press, client } = setUp(3);
    const [first, second] = all as [Incident, Incident];
    client.setQueryData([...queryKeys.lists, 'at hand'], page(all));
    const sent: string[] = [];
    model.line = ({ method, headers }) => {
      if (headers.has('Idempotency-Key')) sent.push(method);
      // Each would overtake, or be overtaken, between being carried out and being answered.
      return { fate: 'ok', ms: method === 'PATCH' ? 5_000 : 4_000 };
    };
    press(second, { owner: 'Bo' });
    answering(acting, () => true);
    acting.act(open, { owner: 'Ana' });
    await vi.waitFor(() => expect(sent).toEqual(['PATCH', 'POST']));
    press(first, { owner: 'Cy' });
    await settled(acting);
    expect(all.map(({ id }) => model.incidents.get(id)?.owner)).toEqual(['Cy', 'Ana', 'Ana']);
    expect(sent).toEqual(['PATCH', 'POST', 'PATCH']);
    expect(acting.snapshot().marks.size).toBe(0);
    expect(readConflict(first.id)).toBeNull();
  });

  test('that match, without an answer, may have been changed, and are not changed again by Retry', async () => {
    const { model, acting } = setUp(2);
    const sent: (string | null)[] = [];
    model.line = ({ headers }) => {
      const key = headers.get('Idempotency-Key');
      if (key !== null) sent.push(key);
      return { fate: key === null ? 'ok' : 'lost', ms: 0 };
    };
    answering(acting, () => true);
    acting.act(open, { status: 'RESOLVED' });
    await vi.waitFor(() =>
      expect(toasts()[0]).toContain('The change of 2 incidents may have been made.'),
    );
    model.line = ({ headers }) => {
      sent.push(headers.get('Idempotency-Key'));
      return { fate: 'ok', ms: 0 };
    };
    button('Retry')();
    await vi.waitFor(() => expect(toasts()).toContain('Resolved 2 incidents'));
    expect(new Set(sent).size).toBe(1);
    expect(model.log).toHaveLength(2);
    acting.undo();
    await vi.waitFor(() => expect(toasts()).toContain('Undone: resolved 2 incidents'));
  });

  test('that fail are marked and retried together', async () => {
    const { all, model, acting } = setUp(3);
    model.line = () => ({ fate: 'lost', ms: 0 });
    acting.act(some(all), { owner: 'Ana' });
    await vi.waitFor(() =>
      expect(acting.snapshot().marks.get(all[2]?.id ?? '')?.failed).toBeDefined(),
    );
    for (const one of all) expect(acting.shown(one).owner).toBeNull();
    model.line = () => ({ fate: 'ok', ms: 0 });
    acting.retry(all[1]?.id ?? '');
    await settled(acting);
    expect(acting.snapshot().marks.size).toBe(0);
    expect(model.log).toHaveLength(3);
    expectScreenIsServer(acting, model, all);
  });
});
