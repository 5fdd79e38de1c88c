import { HttpResponse, http } from 'msw';
import { incidentKey } from '@/features/incidents/model/incident';
import { matches } from '@/features/incidents/model/query';
import { facets, incident, page, problem } from './incidents';

type Incident = ReturnType<typeof incident>;
type Patch = Record<string, unknown>;

interface Logged {
  id: number;
  incidentId: string;
  changeId: string;
  type: 'updated' | 'reverted';
  actor: string;
  at: string;
  changes: Record<string, [unknown, unknown]>;
  comment: null;
  changeSize: number;
  revertsChangeId: string | null;
}

/** What the line does to a request: `lost` means that it is carried out and nobody hears of it. */
export type Fate = 'ok' | 'busy' | 'unreachable' | 'lost';

export interface ModelServer {
  incidents: Map<string, Incident>;
  log: Logged[];
  /** How many requests are being answered, and were at most. */
  load: { now: number; most: number };
  /** Decided for each write as it comes; returns how long it takes, in milliseconds. */
  line: (request: Request) => { fate: Fate; ms: number };
  /** Changes it as somebody else. */
  changeAs: (actor: string, id: string, patch: Patch) => void;
}

const uuid = (kind: number, number: number) =>
  `01900000-0000-7000-${kind}000-${String(number).padStart(12, '0')}`;

/** The server's rules for writes, in memory: If-Match, idempotency keys, changes and their reverts. */
export function modelServer(all: Incident[]) {
  const incidents = new Map(all.map((one) => [one.id, one]));
  const log: Logged[] = [];
  const kept = new Map<string, { body: unknown; headers: Record<string, string> }>();
  const model: ModelServer = {
    incidents,
    log,
    load: { now: 0, most: 0 },
    line: () => ({ fate: 'ok', ms: 0 }),
    changeAs: (actor, id, patch) => {
      change(actor, new Map([[id, patch]]));
    },
  };
  let changes = 0;

  function change(actor: string, patches: Map<string, Patch>, reverts: string | null = null) {
    const changeId = uuid(9, changes + 1);
    const touched: Incident[] = [];
    for (const [id, patch] of patches) {
      const before = incidents.get(id);
      if (!before) continue;
      const differing = Object.entries(patch).filter(
        ([field, value]) => before[field as keyof Incident] !== value,
      );
      if (differing.length === 0) continue;
      const at = new Date().toISOString();
      const after = { ...before, ...patch, version: before.version + 1, updatedAt: at };
      incidents.set(id, after);
      touched.push(after);
      log.push({
        id: log.length + 1,
        incidentId: id,
        changeId,
        type: reverts === null ? 'updated' : 'reverted',
        actor,
        at,
        changes: Object.fromEntries(
          differing.map(([field, value]) => [field, [before[field as keyof Incident], value]]),
        ),
        comment: null,
        changeSize: patches.size,
        revertsChangeId: reverts,
      });
    }
    if (touched.length > 0) changes += 1;
    return { changeId: touched.length > 0 ? changeId : null, touched };
  }

  const isUndone = (changeId: string): boolean =>
    log.some((one) => one.revertsChangeId === changeId && !isUndone(one.changeId));

  function answerOf(done: ReturnType<typeof change>, matched: number) {
    const items = done.touched.map(({ id, version }) => ({ id, version }));
    return {
      body: { changeId: done.changeId, matched, changed: items.length, items },
      headers: headersOf(done.changeId),
    };
  }

  function headersOf(changeId: string | null): Record<string, string> {
    return changeId === null ? {} : { 'Change-Id': changeId };
  }

  function refusal(status: number, part: Record<string, unknown> = {}) {
    const { body, init } = problem(status, part);
    return HttpResponse.json(body, init);
  }

  /** Everything about a write but what it does. */
  async function write(
    request: Request,
    run: (
      body: Patch,
      actor: string,
    ) => { body: unknown; headers: Record<string, string> } | Response,
  ): Promise<Response> {
    const { fate, ms } = model.line(request);
    model.load.now += 1;
    model.load.most = Math.max(model.load.most, model.load.now);
    await new Promise((resolve) => setTimeout(resolve, ms / 2));
    try {
      if (fate === 'unreachable') return HttpResponse.error();
      if (fate === 'busy') return refusal(503);
      const key = request.headers.get('Idempotency-Key');
      const known = key === null ? undefined : kept.get(key);
      const actor = decodeURIComponent(request.headers.get('X-Actor') ?? 'anonymous');
      const done = known ?? run((await request.json()) as Patch, actor);
      if (done instanceof Response) return done;
      if (key !== null) kept.set(key, done);
      if (fate === 'lost') return HttpResponse.error();
      await new Promise((resolve) => setTimeout(resolve, ms / 2));
      return HttpResponse.json(done.body as object, { headers: done.headers });
    } finally {
      model.load.now -= 1;
    }
  }

  const handlers = [
    http.patch('/api/incidents/:id', ({ request, params }) =>
      write(request, (body, actor) => {
        const id = String(params.id);
        const current = incidents.get(id);
        if (!current) return refusal(404);
        if (request.headers.get('If-Match') !== `"${current.version}"`) {
          return refusal(412, { current });
        }
        const { changeId } = change(actor, new Map([[id, body]]));
        return { body: incidents.get(id), headers: headersOf(changeId) };
      }),
    ),
    http.post('/api/incidents/bulk', ({ request }) =>
      write(request, (body, actor) => {
        const named = body.ids as string[] | undefined;
        const q = (body.filter as { q?: string } | undefined)?.q ?? '';
        const ids =
          named ??
          [...incidents.values()]
            .filter((one) => matches(one, q, { now: Date.now(), me: '' }))
            .map(({ id }) => id);
        const set = body.set as Patch;
        if (body.dryRun) {
          const differing = ids.filter((id) =>
            Object.entries(set).some(
              ([field, value]) => incidents.get(id)?.[field as keyof Incident] !== value,
            ),
          );
          const items = differing.map((id) => ({ id, version: 1 }));
          const answer = { changeId: null, matched: ids.length, changed: items.length, items };
          return { body: answer, headers: {} };
        }
        if (body.expectedCount !== undefined && body.expectedCount !== ids.length) {
          return refusal(409, { matched: ids.length });
        }
        return answerOf(change(actor, new Map(ids.map((id) => [id, set]))), ids.length);
      }),
    ),
    http.post('/api/changes/:id/revert', ({ request, params }) =>
      write(request, (_, actor) => {
        const changeId = String(params.id);
        const mine = log.filter((one) => one.changeId === changeId);
        const first = mine[0]?.id ?? 0;
        const conflicts = mine.flatMap(({ incidentId, changes: own }) => {
          const later = log.findLast(
            (one) =>
              one.incidentId === incidentId &&
              one.id > first &&
              one.changeId !== changeId &&
              Object.keys(one.changes).some((field) => field in own) &&
              !isUndone(one.changeId) &&
              !log.some(({ id, changeId: undone }) => undone === one.revertsChangeId && id > first),
          );
          const { number = 0, title = '' } = incidents.get(incidentId) ?? {};
          const fields = Object.keys(own);
          return later
            ? [{ id: incidentId, number, title, fields, actor: later.actor, at: later.at }]
            : [];
        });
        if (conflicts.length > 0) return refusal(409, { conflicts });
        const back = mine.map(({ incidentId, changes: own }): [string, Patch] => [
          incidentId,
          Object.fromEntries(Object.entries(own).map(([field, [before]]) => [field, before])),
        ]);
        return answerOf(change(actor, new Map(back), changeId), mine.length);
      }),
    ),
    http.get('/api/incidents', () => HttpResponse.json(page([...incidents.values()]))),
    http.get('/api/incidents/facets', () => HttpResponse.json(facets)),
    http.get('/api/incidents/:id', ({ params }) => {
      const name = String(params.id);
      const found =
        incidents.get(name) ?? [...incidents.values()].find((one) => incidentKey(one) === name);
      return found ? HttpResponse.json(found) : refusal(404);
    }),
    http.get('/api/incidents/:id/events', ({ params }) =>
      HttpResponse.json({
        items: log.filter(({ incidentId }) => incidentId === params.id),
        nextCursor: null,
      }),
    ),
    http.get('/api/services', () => HttpResponse.json({ items: [] })),
  ];
  return { model, handlers };
}
