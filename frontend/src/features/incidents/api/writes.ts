import type { QueryClient } from '@tanstack/react-query';
import { api, unwrap, unwrapChange } from '@/api/client';
import { ApiError } from '@/api/problem';
import type { components } from '@/api/schema';
import { isUndecided, sendWrite } from '@/api/write';
import {
  divide,
  type Field,
  fieldsOf,
  isSame,
  keepConflict,
  pick,
  readConflict,
} from '@/features/incidents/model/conflict';
import {
  type Incident,
  type IncidentList,
  type IncidentPatch,
  newestById,
} from '@/features/incidents/model/incident';
import {
  type Learnt,
  NOTHING_LEARNT,
  overlaid,
  withSet,
  withWhole,
} from '@/features/incidents/model/overlay';
import { keyFor, settle } from '@/lib/idempotency';
import { createListeners } from '@/lib/listeners';
import { slots } from '@/lib/slots';
import { refreshLists, storeIncident } from './mutations';
import { perClient } from './per-client';
import { keys } from './queries';

/** Browsers hold six connections to a server; the stream and what is read need some of them. */
const AT_ONCE = 4;
/** What the browser still sends when the page goes away is bounded, for all requests together. */
const KEEPALIVE_CHARS = 4_000;
const KEEPALIVE_INCIDENTS = 100;

type Bulk = components['schemas']['BulkChange'];
type Change = components['schemas']['ChangeRead'];

export type Written =
  | { kind: 'saved'; incident: Incident; changeId: string | null }
  /** These fields were changed by somebody else since. The patch is kept, to be decided on at the incident. */
  | { kind: 'conflict'; fields: readonly Field[] }
  | { kind: 'failed'; error: unknown };

interface Edit {
  patch: IncidentPatch;
  /** The incident as the person saw it. */
  from: Incident;
  actor: string;
  /** Of its own for every press: what was wanted, taken back and wanted again is not one wish. */
  key?: string;
  /** Keeps what is in dispute; without it, the patch joins what was in dispute already. */
  dispute?: ((current: Incident) => void) | undefined;
}

/** What this tab knows and does about one incident. */
interface Lane {
  /** Ends with the last write that is under way. */
  tail: Promise<unknown>;
  pending: readonly IncidentPatch[];
  learnt: Learnt;
  /** Version -> what a write of this tab has made of it. */
  own: Map<number, Incident>;
  /**
   * What this tab has set last in each field, or may have set since, and the version that this has made. Likewise what
   * was there before a write that failed, since others may have been asked for in the belief that it would succeed.
   */
  set: readonly { field: Field; value: unknown; version: number }[];
}

/**
 * The writes of this tab: those about one incident one after another, others side by side. They go on when the page is
 * left, and what they set is shown over whatever is known, so no late or early answer can make it flicker.
 */
export const writesOf = perClient(createWrites);

function createWrites(client: QueryClient) {
  const lanes = new Map<string, Lane>();
  const { tell, subscribe } = createListeners();
  const inSlot = slots(AT_ONCE);
  /** Ends with the last change by filter, which may be about any incident: whatever is asked for later waits for it. */
  let filtered: Promise<unknown> = Promise.resolve();
  let underWay = 0;
  let stale: 'nothing' | 'lists' | 'everything' = 'nothing';

  function laneOf(id: string): Lane {
    const lane = lanes.get(id) ?? {
      tail: Promise.resolve(),
      pending: [],
      learnt: NOTHING_LEARNT,
      own: new Map(),
      set: [],
    };
    lanes.set(id, lane);
    return lane;
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
    const before = [filtered, ...own.map(({ lane }) => lane.tail)];
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

  function remember(id: string, version: number, patch: IncidentPatch, isCertain: boolean) {
    const lane = laneOf(id);
    const fields = fieldsOf(patch);
    const left = lane.set.filter(
      (one) => !isCertain || one.version > version || !fields.includes(one.field),
    );
    lane.set = [...left, ...fields.map((field) => ({ field, value: patch[field], version }))];
  }

  /** Of a write that failed: the fields are as they were, or as it would have made them where nobody knows. */
  function missed(from: Incident, onto: number, patch: IncidentPatch, error: unknown) {
    // Those that were asked for meanwhile may have begun with a later one.
    const version = Math.max(onto, laneOf(from.id).learnt.whole?.version ?? 0);
    remember(from.id, version, pick(from as IncidentPatch, fieldsOf(patch)), false);
    if (!isUndecided(error)) return;
    remember(from.id, version + 1, patch, false);
    // The lists may know what became of it.
    if (stale === 'nothing') stale = 'lists';
  }

  /** The incident that the person saw, with what this tab itself has made of it meanwhile. */
  function asSeen({ from, patch }: Edit, current: Incident): Incident {
    const { set } = laneOf(from.id);
    const isOwn = (field: Field) =>
      isSame(field, from[field], current[field]) ||
      set.some(
        (one) =>
          one.field === field &&
          one.version >= from.version &&
          isSame(field, one.value, current[field]),
      );
    const own = pick(current as IncidentPatch, fieldsOf(patch).filter(isOwn));
    return { ...afterOwn(from), ...(own as Partial<Incident>) };
  }

  function hearOf(incident: Incident) {
    const lane = laneOf(incident.id);
    lane.learnt = withWhole(lane.learnt, incident);
    storeIncident(client, incident);
    if (stale === 'nothing') stale = 'lists';
  }

  async function send(one: Edit, onto: Incident): Promise<Written> {
    const { patch, actor } = one;
    const { id } = onto;
    // The same wish gets the same key, whether it is sent again by itself, by Retry or by pressing Save once more.
    const what = JSON.stringify([id, onto.version, patch]);
    const key = one.key ?? keyFor(what);
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
      // An answer that is given again may have been written onto an earlier one.
      if (incident.version === onto.version + 1) laneOf(id).own.set(onto.version, incident);
      remember(id, incident.version, patch, true);
      hearOf(incident);
      return { kind: 'saved', incident, changeId };
    } catch (error) {
      if (!isUndecided(error)) settle(what);
      if (!(error instanceof ApiError) || error.status !== 412 || !error.current) {
        missed(one.from, onto.version, patch, error);
        return { kind: 'failed', error };
      }
      const { current } = error;
      // Everything else on the page shows the truth from now on.
      hearOf(current);
      const base = asSeen(one, current);
      const { disputed } = divide(base, current, patch);
      // Each round means that somebody else got something written, so this ends.
      if (disputed.length === 0) return send(one, current);
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
      return { kind: 'conflict', fields: disputed };
    }
  }

  /**
   * Writes a patch onto one incident, and never over what the person has not seen: where somebody else changed other
   * fields, both changes stand; where it was the same field, it is a conflict.
   */
  function edit(one: Edit): Promise<Written> {
    const patches = new Map([[one.from.id, one.patch]]);
    return inTurn(patches, () => send(one, afterOwn(one.from)));
  }

  /** What a change of many has made of those that are shown here. */
  function hearChange({ items }: Change, patches: ReadonlyMap<string, IncidentPatch>) {
    stale = 'everything';
    const known = newestById(listed());
    for (const { id, version } of items) {
      const patch = patches.get(id);
      if (!patch) continue;
      remember(id, version, patch, true);
      const lane = laneOf(id);
      const found = known.get(id);
      const before = found && overlaid(found, lane.learnt, []);
      // Where somebody else's change lies between, the version is not this tab's to write onto.
      const isNext = before?.version === version - 1;
      const set = patch as Partial<Incident>;
      if (isNext) lane.own.set(before.version, { ...before, ...set, version });
      const fields = isNext ? { ...set, version } : set;
      lane.learnt = withSet(lane.learnt, { version, fields });
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

  /**
   * Changes many at once: all or none.
   *
   * @param seen those that are named, as the person saw them; the change is shown on them meanwhile.
   */
  function bulk(
    body: Omit<Bulk, 'dryRun'>,
    seen: readonly Incident[],
    { key, actor }: { key: string; actor: string },
  ): Promise<Change> {
    const set = body.set as IncidentPatch;
    const patchesOf = (all: readonly Incident[]) => new Map(all.map(({ id }) => [id, set]));
    // Of those that match, nobody here knows what is on its way about them.
    const earlier = body.filter && Promise.all([...lanes.values()].map(({ tail }) => tail));
    const work = async () => {
      try {
        const change = await sendWrite(() =>
          unwrap(
            api.POST('/api/incidents/bulk', {
              params: {
                header: { 'Idempotency-Key': key, 'X-Actor': encodeURIComponent(actor) },
              },
              body: { ...body, dryRun: false },
              keepalive: seen.length < KEEPALIVE_INCIDENTS,
            }),
          ),
        );
        hearChange(change, patchesOf(body.filter ? listed() : seen));
        return change;
      } catch (error) {
        for (const from of seen) missed(from, from.version, set, error);
        throw error;
      }
    };
    const result = inTurn(patchesOf(seen), work, earlier);
    if (body.filter) filtered = result.catch(() => null);
    return result;
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
    subscribe,
  };
}

function warn(event: BeforeUnloadEvent) {
  event.preventDefault();
}
