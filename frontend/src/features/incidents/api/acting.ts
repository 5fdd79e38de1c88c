import type { QueryClient } from '@tanstack/react-query';
import { ApiError } from '@/api/problem';
import { isUndecided } from '@/api/write';
import { type Notes, notesOf } from '@/features/incidents/components/acting/notes';
import {
  alreadySo,
  countOf,
  inInfinitive,
  inverseOf,
  isSo,
  messageOf,
  subjectOf,
  without,
} from '@/features/incidents/model/acts';
import { type Field, fieldsOf, keepConflict, readConflict } from '@/features/incidents/model/conflict';
import { conflictsInWords } from '@/features/incidents/model/history';
import { type Incident, type IncidentPatch, incidentKey, incidentPath } from '@/features/incidents/model/incident';
import type { Confirm, Prepared, RowMark, Target, TriagePatch } from '@/features/incidents/model/triage';
import { type Done, type UndoStack, withDone, withoutDone } from '@/features/incidents/model/undo-stack';
import { actorNow } from '@/lib/display-name';
import { newKey } from '@/lib/idempotency';
import { apiFilters } from '@/lib/search-params';
import { onStored } from '@/lib/storage';
import { perClient } from './per-client';
import { eventsQuery } from './queries';
import { writesOf } from './writes';

/** What one request may name. */
const SELECTED_MAX = 1_000;

/** One press: the incidents as they were shown then, and what was wanted of them. */
interface Act {
  readonly incidents: readonly Incident[];
  readonly patch: TriagePatch;
  readonly actor: string;
  readonly key: string;
  /** Where it has failed before. */
  readonly onto?: Incident;
}

export interface Failure {
  readonly act: Act;
  readonly reason: string;
  readonly canRetry: boolean;
  /** It may have been carried out. */
  readonly isUndecided: boolean;
}

/** The choice of an owner that is open. */
export interface Assigning {
  readonly target: Target;
  readonly anchor: Element;
  /** It was asked for the person at the keyboard, who has no name yet. */
  readonly toMe: boolean;
  readonly choose: (owner: string | null) => void;
}

interface Snapshot {
  readonly marks: ReadonlyMap<string, RowMark>;
  readonly assigning: Assigning | null;
}

export type Acting = ReturnType<typeof createActing>;

/** Acting on incidents, for the whole tab: what was done, what can be taken back, and what did not succeed. */
export const actingOf = perClient(createActing);

function createActing(client: QueryClient) {
  const writes = writesOf(client);
  const listeners = new Set<() => void>();
  const conflicts = new Map<string, NonNullable<RowMark['conflict']>>();
  let failures: readonly Failure[] = [];
  let stack: UndoStack = [];
  const takenBack = new WeakSet<Done>();
  let snapshot: Snapshot = { marks: new Map(), assigning: null };
  let open: (path: string) => void = () => {};
  const notes: Notes = notesOf({
    onUndo: (done) => takeBack(done),
    onRedo: (done) => takeBack(done, 'again'),
    onRetry: () => failures.forEach(tryAgain),
    onDismiss: () => setFailures([]),
  });

  function marksNow(): ReadonlyMap<string, RowMark> {
    const marks = new Map<string, RowMark>();
    const add = (id: string, mark: RowMark) => marks.set(id, { ...marks.get(id), ...mark });
    for (const id of writes.pendingIds()) add(id, { pending: writes.pendingOf(id) });
    for (const [id, conflict] of conflicts) add(id, { conflict });
    for (const { act, reason, canRetry } of failures) {
      for (const { id } of act.incidents) add(id, { failed: { reason, canRetry } });
    }
    return marks;
  }

  function tell(change: Partial<Snapshot> = {}) {
    snapshot = { ...snapshot, ...change, marks: marksNow() };
    for (const listener of listeners) listener();
  }

  writes.subscribe(() => tell());
  // Decided at the incident, in this tab or in another one.
  onStored(() => {
    const over = [...conflicts.keys()].filter((id) => readConflict(id) === null);
    for (const id of over) conflicts.delete(id);
    if (over.length > 0) tell();
  });

  function setFailures(next: readonly Failure[]) {
    failures = next;
    notes.failed(failures);
    tell();
  }

  function about(id: string): Failure[] {
    return failures.filter(({ act }) => act.incidents.some((incident) => incident.id === id));
  }

  function drop(gone: readonly Failure[]) {
    if (gone.length > 0) setFailures(failures.filter((one) => !gone.includes(one)));
  }

  function tryAgain(failure: Failure) {
    drop([failure]);
    if (failure.canRetry) start(failure.act);
  }

  function fail(act: Act, error: unknown, onto?: Incident) {
    const isGone = error instanceof ApiError && error.status === 404;
    setFailures([
      ...failures,
      {
        act: onto ? { ...act, onto } : act,
        reason: isGone ? 'It does not exist any more.' : messageOf(error, act.patch),
        canRetry: !isGone,
        isUndecided: isUndecided(error),
      },
    ]);
  }

  /** What was wanted before of the same fields, and was not written, is not wanted any more. */
  function supersede(id: string, fields: readonly Field[]) {
    const others = failures.filter(({ act }) => act.incidents.length > 1 || act.incidents[0]?.id !== id);
    const left = about(id)
      .filter((one) => !others.includes(one))
      .flatMap((one) => {
        const patch = without(one.act.patch, fields);
        return patch ? { ...one, act: { ...one.act, patch } } : [];
      });
    if (others.length + left.length < failures.length) setFailures([...others, ...left]);
    const conflict = readConflict(id);
    if (!conflict) return;
    const patch = without(conflict.patch, fields);
    keepConflict(id, patch && { ...conflict, patch });
    const mark = conflicts.get(id);
    const disputed = mark?.fields.filter((field) => !fields.includes(field));
    if (mark && disputed) conflicts.set(id, { ...mark, fields: disputed });
  }

  /** Marks the incident; who it was is found out afterwards. */
  async function dispute(incident: Incident, patch: IncidentPatch, fields: readonly Field[]) {
    const { id } = incident;
    conflicts.set(id, { by: null, fields });
    tell();
    const events = await client
      .fetchQuery({ ...eventsQuery(id), staleTime: 0 })
      .catch(() => []);
    const theirs = events.findLast(({ changes }) => fields.some((field) => field in changes));
    const by = theirs?.actor ?? null;
    if (conflicts.has(id)) conflicts.set(id, { by, fields });
    tell();
    notes.disputed(incident, patch, { by, fields }, () => open(incidentPath(incident)));
  }

  async function writeOne(act: Act, incident: Incident): Promise<string | null> {
    const { patch, actor, onto } = act;
    const written = await writes.edit({ patch, from: incident, actor, onto });
    if (written.kind === 'failed') fail(act, written.error, written.onto);
    if (written.kind === 'conflict') void dispute(incident, patch, written.fields);
    if (written.kind !== 'saved') return null;
    supersede(incident.id, fieldsOf(patch));
    if (written.changeId === null) notes.say(`${alreadySo(patch, incidentKey(incident))}.`);
    return written.changeId;
  }

  async function writeMany({ incidents, patch, actor, key }: Act): Promise<string | null> {
    const ids = incidents.map(({ id }) => id);
    const change = await writes.bulk({ ids, set: patch }, eachOf(ids, patch), { key, actor });
    if (change.changeId === null) notes.say(`${alreadySo(patch, subjectOf(incidents))}.`);
    return change.changeId;
  }

  function start(act: Act) {
    const { incidents, patch } = act;
    const [only, ...others] = incidents;
    if (only === undefined) return;
    const change =
      others.length === 0
        ? writeOne(act, only)
        : writeMany(act).catch((error: unknown) => {
            fail(act, error);
            return null;
          });
    did({
      patch,
      subject: subjectOf(incidents),
      count: incidents.length,
      set: eachOf(incidents.map(({ id }) => id), patch),
      before: new Map(incidents.map((incident) => [incident.id, inverseOf(incident, patch)])),
      change,
    });
  }

  /** It can be taken back from the press on, and is told once it has arrived. */
  function did(done: Done) {
    stack = withDone(stack, done);
    void done.change.then((changeId) => {
      if (changeId === null) stack = withoutDone(stack, done);
      // Taken back meanwhile, it needs no telling.
      else if (!takenBack.has(done)) notes.did(done);
    });
  }

  function undo() {
    const done = stack.at(-1);
    if (done) takeBack(done);
    else notes.say('There is nothing to undo.');
  }

  /** @param how `again`: what is taken back is an undo itself, so that the change is there again. */
  function takeBack(done: Done, how: 'back' | 'again' = 'back') {
    stack = withoutDone(stack, done);
    takenBack.add(done);
    notes.forget(done);
    const answer = writes.revert(done.change, done.before, actorNow());
    const change = answer.then(
      (reverted) => {
        if (reverted?.changeId === null) notes.say('It is so already; there was nothing to undo.');
        return reverted?.changeId ?? null;
      },
      (error: unknown) => {
        const reasons = error instanceof ApiError ? conflictsInWords(error, null) : [String(error)];
        const canRetry = isUndecided(error);
        notes.notUndone(reasons, canRetry ? () => takeBack(done, how) : null);
        if (canRetry && how === 'back') stack = withDone(stack, done);
        return null;
      },
    );
    const other: Done = { ...done, set: done.before, before: done.set, change };
    if (how === 'again') did(other);
    else {
      void change.then((changeId) => {
        if (changeId !== null) notes.undid(done, other);
      });
    }
  }

  async function prepare(target: Target, patch: TriagePatch): Promise<Prepared> {
    const told = (count: number, changed: number, sev1: number): Prepared => ({
      target,
      patch,
      count,
      changed,
      sev1,
      words: inInfinitive(patch, countOf(count)),
      again: false,
    });
    if (target.kind === 'some') {
      const shown = target.incidents.map(writes.shown);
      const changed = shown.filter((incident) => !isSo(incident, patch)).length;
      const sev1 = shown.filter(({ severity }) => severity === 'SEV1').length;
      return told(shown.length, changed, sev1);
    }
    const filter = apiFilters(target.state);
    // Tried with another change, the server counts those that are SEV1 already.
    const [wanted, raised] = await Promise.all([
      writes.tryBulk({ filter, set: patch }),
      writes.tryBulk({ filter, set: { severity: 'SEV1' } }),
    ]);
    return told(wanted.matched, wanted.changed, raised.matched - raised.changed);
  }

  /** Changes what was prepared. Resolves to null, or to what is to be confirmed anew where another number matches. */
  async function commit(prepared: Prepared): Promise<Prepared | null> {
    const { target, patch, count, changed } = prepared;
    if (target.kind === 'some') {
      start({ incidents: target.incidents.map(writes.shown), patch, actor: actorNow(), key: newKey() });
      return null;
    }
    const by = { key: newKey(), actor: actorNow() };
    const body = { filter: apiFilters(target.state), set: patch, expectedCount: count };
    const send = () => writes.bulk(body, new Map(), by);
    const answer = send();
    const change = answer.then(({ changeId }) => changeId);
    did({
      patch,
      subject: countOf(changed),
      count: changed,
      set: new Map(),
      before: new Map(),
      change: change.catch(() => null),
    });
    try {
      if ((await change) === null) notes.say(`${alreadySo(patch, countOf(count))}.`);
      return null;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
      return { ...(await prepare(target, patch)), again: true };
    }
  }

  async function actOnMany(target: Target, patch: TriagePatch, confirm: Confirm) {
    try {
      let asked: Prepared | null = await prepare(target, patch);
      while (asked !== null) {
        if (asked.changed === 0) {
          notes.say(`${asked.count === 0 ? 'No incident matches any more' : alreadySo(patch, countOf(asked.count))}.`);
          return;
        }
        if (needsWord(asked) && !(await confirm(asked))) return;
        asked = await commit(asked);
      }
    } catch (error) {
      notes.notDone(`${messageOf(error, patch)} Nothing was changed.`, () => {
        void actOnMany(target, patch, confirm);
      });
    }
  }

  function act(target: Target, patch: TriagePatch, confirm: Confirm) {
    const [only, ...others] = target.kind === 'some' ? target.incidents : [];
    if (target.kind === 'some' && target.incidents.length > SELECTED_MAX) {
      notes.notDone(`Select at most ${countOf(SELECTED_MAX)}, or all that match.`, null);
    } else if (target.kind === 'matching' || others.length > 0) {
      void actOnMany(target, patch, confirm);
    } else if (only) {
      actOnOne(only, patch);
    }
  }

  function actOnOne(incident: Incident, patch: TriagePatch) {
    // What may have been carried out has to be known before anything is built upon it.
    const undecided = about(incident.id).filter((one) => one.isUndecided);
    undecided.forEach(tryAgain);
    const shown = writes.shown(incident);
    if (!isSo(shown, patch)) {
      start({ incidents: [shown], patch, actor: actorNow(), key: newKey() });
    } else if (undecided.length === 0) {
      notes.say(`${alreadySo(patch, incidentKey(shown))}.`);
    }
  }

  return {
    act,
    prepare,
    commit,
    undo,
    /** A change that was written elsewhere, so that it can be taken back here as well. */
    did: (incident: Incident, patch: IncidentPatch, changeId: string) => {
      supersede(incident.id, fieldsOf(patch));
      did({
        patch,
        subject: incidentKey(incident),
        count: 1,
        set: eachOf([incident.id], patch),
        before: eachOf([incident.id], inverseOf(incident, patch)),
        change: Promise.resolve(changeId),
      });
    },
    /** Takes back a change that is known by its id only. Resolves to why it could not be; to nothing when it was. */
    takeBack: async (incident: Incident, changeId: string): Promise<string[]> => {
      try {
        const answer = await writes.revert(Promise.resolve(changeId), new Map(), actorNow());
        if (answer?.changeId) {
          for (const done of stack) {
            if ((await done.change) === changeId) stack = withoutDone(stack, done);
          }
          const count = answer.changed;
          const subject = count > 1 ? countOf(count) : incidentKey(incident);
          const nothing = { patch: {}, set: new Map(), before: new Map() };
          const done = { ...nothing, subject, count, change: Promise.resolve(answer.changeId) };
          notes.undid(done, done);
        } else notes.say('It is so already; there was nothing to undo.');
        return [];
      } catch (error) {
        return error instanceof ApiError ? conflictsInWords(error, incident) : [String(error)];
      }
    },
    retry: (id: string) => about(id).forEach(tryAgain),
    dismiss: (id: string) => drop(about(id)),
    assign: (assigning: Assigning | null) => tell({ assigning }),
    shown: writes.shown,
    onOpen: (run: (path: string) => void) => {
      open = run;
    },
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    snapshot: () => snapshot,
  };
}

function eachOf(ids: readonly string[], patch: IncidentPatch): Map<string, IncidentPatch> {
  return new Map(ids.map((id) => [id, patch]));
}

/** All that match are more than anybody sees, and a SEV1 is not changed along with others unawares. */
function needsWord({ target, sev1 }: Prepared): boolean {
  return target.kind === 'matching' || sev1 > 0;
}
