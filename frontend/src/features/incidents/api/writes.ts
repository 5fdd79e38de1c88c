import type { QueryClient } from '@tanstack/react-query';
import { api, unwrap, unwrapChange } from '@/api/client';
import { ApiError } from '@/api/problem';
import type { components } from '@/api/schema';
import { isUndecided, sendWrite } from '@/api/write';
import {
  divide,
  type Field,
  keepConflict,
  readConflict,
} from '@/features/incidents/model/conflict';
import {
  type Incident,
  type IncidentList,
  type IncidentPatch,
  newestById,
} from '@/features/incidents/model/incident';
import { type Learnt, learn, overlaid } from '@/features/incidents/model/overlay';
import { keyFor, settle } from '@/lib/idempotency';
import { slots } from '@/lib/slots';
import { refreshLists, storeIncident } from './mutations';
import { perClient } from './per-client';
import { keys } from './queries';

/** Browsers hold six connections to a server; the stream and what is read need some of them. */
const AT_ONCE = 4;
/** What the browser still sends when the page goes away is bounded, for all requests together. */
const KEEPALIVE_CHARS = 4_000;

type Bulk = components['schemas']['BulkChange'];
type Change = components['schemas']['ChangeRead'];

export type Written =
  | { kind: 'saved'; incident: Incident; changeId: string | null }
  /** These fields were changed by somebody else since. The patch is kept, to be decided on at the incident. */
  | { kind: 'conflict'; fields: readonly Field[]; current: Incident }
  /** `onto` is what it has to be sent onto again, so that the server knows it as the same. */
  | { kind: 'failed'; error: unknown; onto: Incident };

interface Edit {
  patch: IncidentPatch;
  /** The incident as the person saw it. */
  from: Incident;
  actor: string;
  /** Where it has failed before. */
  onto?: Incident | undefined;
  /** Keeps what is in dispute; without it, the patch joins what was in dispute already. */
  dispute?: ((current: Incident) => void) | undefined;
}

/** What this tab knows and does about one incident. */
interface Lane {
  /** Ends with the last write that is under way. */
  tail: Promise<unknown>;
  pending: readonly IncidentPatch[];
  learnt: Learnt | null;
  /** Version -> what a write of this tab has made of it. */
  own: Map<number, Incident>;
}

/**
 * The writes of this tab: those about one incident one after another, others side by side. They go on when the page is
 * left, and what they set is shown over whatever is known, so no late or early answer can make it flicker.
 */
export const writesOf = perClient(createWrites);

function createWrites(client: QueryClient) {
  const lanes = new Map<string, Lane>();
  const listeners = new Set<() => void>();
  const inSlot = slots(AT_ONCE);
  let underWay = 0;
  let stale: 'nothing' | 'lists' | 'everything' = 'nothing';

  function laneOf(id: string): Lane {
    const lane = lanes.get(id) ?? {
      tail: Promise.resolve(),
      pending: [],
      learnt: null,
      own: new Map(),
    };
    lanes.set(id, lane);
    return lane;
  }

  function tell() {
    for (const listener of listeners) listener();
  }

  function begin() {
    underWay += 1;
    if (underWay === 1) window.addEventListener('beforeunload', warn);
  }

  function end() {
    underWay -= 1;
    if (underWay > 0) return;
    window.removeEventListener('beforeunload', warn);
    // Once for all: ten quick changes do not ask for the list ten times.
    if (stale !== 'nothing') refreshLists(client);
    if (stale === 'everything') void client.invalidateQueries({ queryKey: keys.all });
    stale = 'nothing';
  }

  /** Runs after the other writes about these incidents, which show the patches until it has ended. */
  function inTurn<T>(
    patches: ReadonlyMap<string, IncidentPatch>,
    work: () => Promise<T>,
    after?: Promise<unknown>,
  ): Promise<T> {
    const own = [...patches].map(([id, patch]) => ({ lane: laneOf(id), patch: { ...patch } }));
    const before = own.map(({ lane }) => lane.tail);
    async function run(): Promise<T> {
      await Promise.all([after, ...before]);
      try {
        return await inSlot(work);
      } finally {
        for (const { lane, patch } of own) {
          lane.pending = lane.pending.filter((one) => one !== patch);
        }
        end();
        tell();
      }
    }
    begin();
    const result = run();
    const tail = result.catch(() => null);
    for (const { lane, patch } of own) {
      lane.pending = [...lane.pending, patch];
      lane.tail = tail;
    }
    tell();
    return result;
  }

  /**
   * Where this tab's own writes have led from there. If-Match held for each of them, so nobody else's change lies
   * between the two.
   */
  function afterOwn(incident: Incident): Incident {
    const next = lanes.get(incident.id)?.own.get(incident.version);
    return next ? afterOwn(next) : incident;
  }

  function hear(id: string, learnt: Learnt) {
    const lane = laneOf(id);
    lane.learnt = learn(lane.learnt, learnt);
  }

  function hearOf(incident: Incident) {
    hear(incident.id, { version: incident.version, fields: incident });
    storeIncident(client, incident);
    if (stale === 'nothing') stale = 'lists';
  }

  /** @param base what the person saw; differs from `onto` once only others' fields have changed since. */
  async function send(one: Edit, base: Incident, onto: Incident): Promise<Written> {
    const { patch, actor } = one;
    const { id } = base;
    // The same wish gets the same key, whether it is sent again by itself, by Retry or by pressing Save once more.
    const what = JSON.stringify([id, onto.version, patch]);
    const key = keyFor(what);
    try {
      const { data: incident, changeId } = await sendWrite(() =>
        unwrapChange(
          api.PATCH('/api/incidents/{incident_id}', {
            params: {
              path: { incident_id: id },
              header: {
                'If-Match': `"${onto.version}"`,
                'Idempotency-Key': key,
                'X-Actor': encodeURIComponent(actor),
              },
            },
            body: patch,
            keepalive: what.length < KEEPALIVE_CHARS,
          }),
        ),
      );
      settle(what);
      if (incident.version > onto.version) laneOf(id).own.set(onto.version, incident);
      hearOf(incident);
      return { kind: 'saved', incident, changeId };
    } catch (error) {
      if (!isUndecided(error)) settle(what);
      if (!(error instanceof ApiError) || error.status !== 412 || !error.current) {
        return { kind: 'failed', error, onto };
      }
      const { current } = error;
      // Everything else on the page shows the truth from now on.
      hearOf(current);
      const { disputed } = divide(base, current, patch);
      // Each round means that somebody else got something written, so this ends.
      if (disputed.length === 0) return send(one, base, current);
      if (one.dispute) one.dispute(current);
      else {
        // The patch waits for a decision, and so does one that was waiting already.
        const before = readConflict(id);
        keepConflict(id, {
          base: before?.base ?? base,
          current,
          patch: { ...before?.patch, ...patch },
        });
      }
      return { kind: 'conflict', fields: disputed, current };
    }
  }

  /**
   * Writes a patch onto one incident, and never over what the person has not seen: where somebody else changed other
   * fields, both changes stand; where it was the same field, it is a conflict.
   */
  function edit(one: Edit): Promise<Written> {
    return inTurn(new Map([[one.from.id, one.patch]]), () => {
      const base = afterOwn(one.from);
      return send(one, base, one.onto ?? base);
    });
  }

  /** What a change of many has made of those that are shown here. */
  function hearChange({ items }: Change, patches: ReadonlyMap<string, IncidentPatch>) {
    stale = 'everything';
    const known = newestById(listed());
    for (const { id, version } of items) {
      const patch = patches.get(id) as Partial<Incident> | undefined;
      if (!patch) continue;
      const lane = laneOf(id);
      const found = known.get(id);
      const before = found && overlaid(found, lane.learnt, []);
      // Where somebody else's change lies between, the version is not this tab's to write onto.
      const isNext = before?.version === version - 1;
      if (isNext) lane.own.set(before.version, { ...before, ...patch, version });
      hear(id, { version, fields: isNext ? { ...patch, version } : patch });
    }
  }

  /** The incidents that are at hand, in lists or alone. */
  function listed(): Incident[] {
    const lists = client.getQueriesData<IncidentList>({ queryKey: keys.lists });
    const alone = client.getQueriesData<Incident>({ queryKey: keys.incident('').slice(0, 2) });
    return [
      ...lists.flatMap(([, page]) => page?.items ?? []),
      ...alone.flatMap(([, incident]) => incident ?? []),
    ];
  }

  /** Changes many at once: all or none. `patches` are shown meanwhile. */
  function bulk(
    body: Omit<Bulk, 'dryRun'>,
    patches: ReadonlyMap<string, IncidentPatch>,
    { key, actor }: { key: string; actor: string },
  ): Promise<Change> {
    return inTurn(patches, async () => {
      const change = await sendWrite(() =>
        unwrap(
          api.POST('/api/incidents/bulk', {
            params: {
              header: { 'Idempotency-Key': key, 'X-Actor': encodeURIComponent(actor) },
            },
            body: { ...body, dryRun: false },
          }),
        ),
      );
      const all = body.filter ? new Map(listed().map(({ id }) => [id, body.set])) : patches;
      hearChange(change, all as ReadonlyMap<string, IncidentPatch>);
      return change;
    });
  }

  /** What a change of many would do. */
  function tryBulk(body: Omit<Bulk, 'dryRun'>): Promise<Change> {
    return unwrap(api.POST('/api/incidents/bulk', { body: { ...body, dryRun: true } }));
  }

  /** Takes back a change, of however many incidents, once it is known; null where there is none. */
  function revert(
    change: Promise<string | null>,
    patches: ReadonlyMap<string, IncidentPatch>,
    actor: string,
  ): Promise<Change | null> {
    const work = async () => {
      const changeId = await change;
      if (changeId === null) return null;
      const what = `revert ${changeId}`;
      try {
        const answer = await sendWrite(() =>
          unwrap(
            api.POST('/api/changes/{change_id}/revert', {
              params: {
                path: { change_id: changeId },
                header: {
                  'Idempotency-Key': keyFor(what),
                  'X-Actor': encodeURIComponent(actor),
                },
              },
              body: {},
            }),
          ),
        );
        settle(what);
        hearChange(answer, patches);
        return answer;
      } catch (error) {
        if (!isUndecided(error)) settle(what);
        // It tells of changes that this page may not have seen.
        stale = 'everything';
        throw error;
      }
    };
    return inTurn(patches, work, change);
  }

  return {
    edit,
    bulk,
    tryBulk,
    revert,
    shown: (incident: Incident) => {
      const lane = lanes.get(incident.id);
      return lane ? overlaid(incident, lane.learnt, lane.pending) : incident;
    },
    /** What is on its way about an incident, in one. */
    pendingOf: (id: string): IncidentPatch => Object.assign({}, ...(lanes.get(id)?.pending ?? [])),
    /** Those about which something is on its way. */
    pendingIds: () => [...lanes].flatMap(([id, { pending }]) => (pending.length > 0 ? [id] : [])),
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function warn(event: BeforeUnloadEvent) {
  event.preventDefault();
}
