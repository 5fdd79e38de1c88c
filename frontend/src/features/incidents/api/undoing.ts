import type { QueryClient } from '@tanstack/react-query';
import { ApiError } from '@/api/problem';
import { isUndecided } from '@/api/write';
import type { Notes } from '@/features/incidents/components/acting/notes';
import { countOf } from '@/features/incidents/model/acts';
import { conflictsInWords } from '@/features/incidents/model/history';
import { type Incident, incidentKey } from '@/features/incidents/model/incident';
import {
  type Change,
  type Done,
  type UndoStack,
  withDone,
  withoutDone,
} from '@/features/incidents/model/undo-stack';
import { actorNow } from '@/lib/display-name';
import { createListeners } from '@/lib/listeners';
import { writesOf } from './writes';

const NOTHING = new Map();

/** Taking back the changes of this tab, by the server's own revert: each counts even if the page is closed at once. */
export function createUndoing(client: QueryClient, notes: Notes) {
  const writes = writesOf(client);
  const takenBack = new WeakSet<Done>();
  const listeners = createListeners();
  let stack: UndoStack = [];
  let presses = 0;

  function put(next: UndoStack) {
    stack = next;
    listeners.tell();
  }

  /** It can be taken back from now on, and is told once it has arrived. */
  async function did(made: Change): Promise<void> {
    presses += 1;
    const done = { ...made, press: presses };
    put(withDone(stack, done));
    const changeId = await done.change;
    if (changeId === null) put(withoutDone(stack, done));
    // Taken back meanwhile, it needs no telling.
    else if (!takenBack.has(done)) notes.did(done);
  }

  function undo() {
    const done = stack.at(-1);
    if (done) void takeBack(done);
    else notes.say('There is nothing to undo.');
  }

  /**
   * Sends the revert. Resolves to the id of what it did; to null where that is nothing, which it tells.
   *
   * @param onLost where it may be sent again, since no answer came; returns how.
   */
  async function revert(
    { change, before }: Change,
    failed: string,
    onLost: () => () => void,
  ): Promise<string | null> {
    try {
      const answer = await writes.revert(change, before, actorNow());
      if (answer?.changeId === null) notes.say('It is so already; there was nothing to undo.');
      return answer?.changeId ?? null;
    } catch (error) {
      const retry = isUndecided(error) ? onLost() : null;
      notes.notDone(`${failed} ${reasonsOf(error, null).join(' ')}`, retry);
      return null;
    }
  }

  function leave(done: Done) {
    put(withoutDone(stack, done));
    takenBack.add(done);
    notes.forget(done);
  }

  async function takeBack(done: Done): Promise<void> {
    leave(done);
    const change = revert(done, 'Not undone.', () => {
      put(withDone(stack, done));
      // By its key it may have been pressed for again meanwhile.
      return () => stack.includes(done) && void takeBack(done);
    });
    if ((await change) !== null) notes.undid(done, inverse(done, change));
  }

  /** Takes back an undo, after which the change can be taken back once more. */
  function redo(undone: Change) {
    const change = revert(undone, 'Not redone.', () => () => redo(undone));
    void did(inverse(undone, change));
  }

  /** Takes back a change that is known by its id only. Resolves to why it could not be; to nothing when it was. */
  async function takeBackOf(incident: Incident, changeId: string): Promise<string[]> {
    try {
      const answer = await writes.revert(Promise.resolve(changeId), NOTHING, actorNow());
      if (!answer?.changeId) {
        notes.say('It is so already; there was nothing to undo.');
        return [];
      }
      const { changed } = answer;
      const subject = changed > 1 ? countOf(changed) : incidentKey(incident);
      const change = Promise.resolve(answer.changeId);
      const undone = { patch: {}, subject, count: changed, set: NOTHING, before: NOTHING, change };
      notes.undid(undone, undone);
      for (const done of stack) void leaveIf(done, changeId);
      return [];
    } catch (error) {
      return reasonsOf(error, incident);
    }
  }

  async function leaveIf(done: Done, changeId: string): Promise<void> {
    if ((await done.change) === changeId) leave(done);
  }

  return {
    did,
    undo,
    takeBack,
    redo,
    takeBackOf,
    /** Whether it is what `undo` would take back. */
    isNext: (done: Done) => stack.at(-1) === done,
    subscribe: listeners.subscribe,
  };
}

function inverse(done: Change, change: Promise<string | null>): Change {
  return { ...done, set: done.before, before: done.set, change };
}

function reasonsOf(error: unknown, here: Incident | null): string[] {
  return error instanceof ApiError ? conflictsInWords(error, here) : [String(error)];
}
