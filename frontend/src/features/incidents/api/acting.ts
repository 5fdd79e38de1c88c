import type { QueryClient } from '@tanstack/react-query';
import { ApiError } from '@/api/problem';
import { isUndecided } from '@/api/write';
import { type Notes, notesOf } from '@/features/incidents/components/acting/notes';
import {
  alreadySo,
  countOf,
  inverseOf,
  isSo,
  messageOf,
  subjectOf,
  without,
} from '@/features/incidents/model/acts';
import {
  type Field,
  fieldsOf,
  keepConflict,
  readConflict,
} from '@/features/incidents/model/conflict';
import {
  type Incident,
  type IncidentPatch,
  incidentKey,
  incidentPath,
} from '@/features/incidents/model/incident';
import type {
  Failure,
  OnSent,
  Prepared,
  RowMark,
  Target,
  TriagePatch,
  Wish,
} from '@/features/incidents/model/triage';
import { actorNow } from '@/lib/display-name';
import { newKey } from '@/lib/idempotency';
import { createListeners } from '@/lib/listeners';
import { onStored } from '@/lib/storage';
import { createMany } from './many';
import { perClient } from './per-client';
import { eventsQuery } from './queries';
import { createUndoing } from './undoing';
import { writesOf } from './writes';

/** What one request may name. */
const SELECTED_MAX = 1_000;

/** The choice of an owner that is open. */
export interface Assigning {
  readonly target: Target;
  readonly anchor: HTMLElement;
  /** It was asked for the person at the keyboard, who has no name yet. */
  readonly toMe: boolean;
  readonly choose: (owner: string | null) => void;
}

/** Whether many are to be changed, as long as it is open. */
export interface Question {
  readonly prepared: Prepared;
  readonly answer: (yes: boolean) => void;
}

interface Snapshot {
  readonly marks: ReadonlyMap<string, RowMark>;
  readonly assigning: Assigning | null;
  readonly question: Question | null;
}

/** Acting on incidents, for the whole tab: what was done, what can be taken back, and what did not succeed. */
export const actingOf = perClient(createActing);

function createActing(client: QueryClient) {
  const writes = writesOf(client);
  const listeners = createListeners();
  const conflicts = new Map<string, NonNullable<RowMark['conflict']>>();
  let failures: readonly Failure[] = [];
  /** In the order of the presses. */
  let underWay: readonly Wish[] = [];
  let snapshot: Snapshot = { marks: new Map(), assigning: null, question: null };
  let open: (path: string) => void = () => {};
  const notes: Notes = notesOf({
    onUndo: (done) => void undoing.takeBack(done),
    isNext: (done) => undoing.isNext(done),
    onNext: (listener) => undoing.subscribe(listener),
    onRedo: (undone) => undoing.redo(undone),
    onRetry: () => failures.forEach(tryAgain),
    onDismiss: () => setFailures([]),
  });
  const undoing = createUndoing(client, notes);
  const many = createMany(client, { start, ask, undoing, notes });

  function marksNow(): ReadonlyMap<string, RowMark> {
    const marks = new Map<string, RowMark>();
    const add = (id: string, mark: RowMark) => marks.set(id, { ...marks.get(id), ...mark });
    for (const id of writes.pendingIds()) add(id, { pending: writes.pendingOf(id) });
    for (const [id, conflict] of conflicts) add(id, { conflict });
    for (const { wish, reason, canRetry } of failures) {
      for (const { id } of wish.incidents) add(id, { failed: { reason, canRetry } });
    }
    return marks;
  }

  function tell(change: Partial<Snapshot> = {}) {
    snapshot = { ...snapshot, ...change, marks: marksNow() };
    listeners.tell();
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
    return failures.filter(({ wish }) => wish.incidents.some((incident) => incident.id === id));
  }

  function drop(gone: readonly Failure[]) {
    if (gone.length > 0) setFailures(failures.filter((one) => !gone.includes(one)));
  }

  function tryAgain(failure: Failure) {
    drop([failure]);
    if (failure.canRetry) start(failure.wish);
  }

  function fail(wish: Wish, error: unknown) {
    const isGone = error instanceof ApiError && error.status === 404;
    const [only, ...others] = wish.incidents;
    const isOne = only !== undefined && others.length === 0;
    // What was wanted later of the same fields counts, whether it is still under way or has failed as well.
    const later = underWay.slice(underWay.indexOf(wish) + 1);
    const patch = isOne ? without(wish.patch, wantedOf(only.id, later)) : wish.patch;
    if (patch === null) return;
    const failure = {
      wish: { ...wish, patch },
      reason: isGone ? 'It does not exist any more.' : messageOf(error, wish.patch),
      canRetry: !isGone,
      isUndecided: isUndecided(error),
    };
    setFailures([...(isOne ? earlier(only.id, fieldsOf(patch)) : failures), failure]);
  }

  function wantedOf(id: string, wishes: readonly Wish[]): Field[] {
    const own = wishes.filter(({ incidents }) => incidents.some((one) => one.id === id));
    return own.flatMap(({ patch }) => fieldsOf(patch));
  }

  /** What failed without the fields for which something was wanted later. */
  function earlier(id: string, fields: readonly Field[]): readonly Failure[] {
    const left: Failure[] = [];
    for (const failure of failures) {
      const { incidents, patch } = failure.wish;
      const isOfIt = incidents.length === 1 && incidents[0]?.id === id;
      const rest = isOfIt ? without(patch, fields) : patch;
      if (rest) left.push({ ...failure, wish: { ...failure.wish, patch: rest } });
    }
    return left;
  }

  /** What was wanted before of the same fields, and was not written, is not wanted any more. */
  function supersede(id: string, fields: readonly Field[]) {
    if (about(id).length > 0) setFailures(earlier(id, fields));
    const conflict = readConflict(id);
    if (!conflict) return;
    const rest = without(conflict.patch, fields);
    const mark = conflicts.get(id);
    if (mark) {
      const disputed = mark.fields.filter((field) => !fields.includes(field));
      conflicts.set(id, { ...mark, fields: disputed });
    }
    keepConflict(id, rest && { ...conflict, patch: rest });
  }

  /** Marks the incident; who it was is found out afterwards. */
  async function dispute(incident: Incident, patch: IncidentPatch, fields: readonly Field[]) {
    const { id } = incident;
    conflicts.set(id, { by: null, fields });
    tell();
    const events = await client.fetchQuery({ ...eventsQuery(id), staleTime: 0 }).catch(() => []);
    const theirs = events.findLast(({ changes }) => fields.some((field) => field in changes));
    const by = theirs?.actor ?? null;
    if (conflicts.has(id)) conflicts.set(id, { by, fields });
    tell();
    notes.disputed(incident, patch, { by, fields }, () => open(incidentPath(incident)));
  }

  async function writeOne(wish: Wish, incident: Incident): Promise<string | null> {
    const { patch, actor, key } = wish;
    const written = await writes.edit({ patch, from: incident, actor, key });
    if (written.kind === 'failed') fail(wish, written.error);
    if (written.kind === 'conflict') void dispute(incident, patch, written.fields);
    if (written.kind !== 'saved') return null;
    supersede(incident.id, fieldsOf(patch));
    if (written.changeId === null) notes.say(`${alreadySo(patch, incidentKey(incident))}.`);
    return written.changeId;
  }

  async function writeMany({ incidents, patch, actor, key }: Wish): Promise<string | null> {
    const ids = incidents.map(({ id }) => id);
    const change = await writes.bulk({ ids, set: patch }, incidents, { key, actor });
    if (change.changeId === null) notes.say(`${alreadySo(patch, subjectOf(incidents))}.`);
    return change.changeId;
  }

  async function write(wish: Wish): Promise<string | null> {
    const [only, ...others] = wish.incidents;
    underWay = [...underWay, wish];
    try {
      return await (only && others.length === 0 ? writeOne(wish, only) : writeMany(wish));
    } catch (error) {
      fail(wish, error);
      return null;
    } finally {
      underWay = underWay.filter((one) => one !== wish);
    }
  }

  function start(wish: Wish) {
    const { incidents, patch } = wish;
    void undoing.did({
      patch,
      subject: subjectOf(incidents),
      count: incidents.length,
      set: eachOf(incidents, patch),
      before: new Map(incidents.map((incident) => [incident.id, inverseOf(incident, patch)])),
      change: write(wish),
    });
  }

  /** Asks wherever the person is by now: the page that the change began on may have been left. */
  function ask(prepared: Prepared): Promise<boolean> {
    return new Promise((resolve) => {
      const answer = (yes: boolean) => {
        tell({ question: null });
        resolve(yes);
      };
      tell({ question: { prepared, answer } });
    });
  }

  function act(target: Target, patch: TriagePatch, onSent?: OnSent) {
    const [only, ...others] = target.kind === 'some' ? target.incidents : [];
    if (target.kind === 'some' && target.incidents.length > SELECTED_MAX) {
      notes.notDone(`Select at most ${countOf(SELECTED_MAX)}, or all that match.`, null);
    } else if (target.kind === 'matching' || others.length > 0) {
      void many.act(target, patch, onSent);
    } else if (only) {
      actOnOne(only, patch);
      onSent?.(target);
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
    undo: undoing.undo,
    /** A change that is written elsewhere, so that it can be taken back here as well. */
    did: async (incident: Incident, patch: IncidentPatch, change: Promise<string | null>) => {
      void undoing.did({
        patch,
        subject: incidentKey(incident),
        count: 1,
        set: eachOf([incident], patch),
        before: eachOf([incident], inverseOf(incident, patch)),
        change,
      });
      if ((await change) !== null) supersede(incident.id, fieldsOf(patch));
    },
    takeBackOf: undoing.takeBackOf,
    retry: (id: string) => about(id).forEach(tryAgain),
    dismiss: (id: string) => drop(about(id)),
    assign: (assigning: Assigning | null) => tell({ assigning }),
    shown: writes.shown,
    onOpen: (run: (path: string) => void) => {
      open = run;
    },
    subscribe: listeners.subscribe,
    snapshot: () => snapshot,
  };
}

function eachOf(incidents: readonly Incident[], patch: IncidentPatch): Map<string, IncidentPatch> {
  return new Map(incidents.map(({ id }) => [id, patch]));
}
