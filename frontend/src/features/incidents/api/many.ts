import type { QueryClient } from '@tanstack/react-query';
import { ApiError } from '@/api/problem';
import type { Notes } from '@/features/incidents/components/acting/notes';
import { alreadySo, countOf, inInfinitive, isSo, messageOf } from '@/features/incidents/model/acts';
import type {
  Confirm,
  OnSent,
  Prepared,
  Target,
  TriagePatch,
  Wish,
} from '@/features/incidents/model/triage';
import { actorNow } from '@/lib/display-name';
import { newKey } from '@/lib/idempotency';
import { apiFilters } from '@/lib/search-params';
import type { createUndoing } from './undoing';
import { writesOf } from './writes';

const NOTHING = new Map();

interface Parts {
  /** Begins what names its incidents. */
  start: (wish: Wish) => void;
  undoing: ReturnType<typeof createUndoing>;
  notes: Notes;
}

/** Changing many incidents as one change, after the person has agreed to its size. */
export function createMany(client: QueryClient, { start, undoing, notes }: Parts) {
  const writes = writesOf(client);

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
  async function commit({ target, patch, count, changed }: Prepared): Promise<Prepared | null> {
    const by = { key: newKey(), actor: actorNow() };
    if (target.kind === 'some') {
      start({ incidents: target.incidents.map(writes.shown), patch, ...by });
      return null;
    }
    const body = { filter: apiFilters(target.state), set: patch, expectedCount: count };
    const answer = writes.bulk(body, [], by);
    const change = answer.then(
      ({ changeId }) => changeId,
      () => null,
    );
    const size = { subject: countOf(changed), count: changed };
    void undoing.did({ patch, ...size, set: NOTHING, before: NOTHING, change });
    try {
      const { changeId } = await answer;
      if (changeId === null) notes.say(`${alreadySo(patch, countOf(count))}.`);
      return null;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
      return { ...(await prepare(target, patch)), again: true };
    }
  }

  /** Asks until the number that was agreed to is the number that is changed. */
  async function confirmed(asked: Prepared, confirm: Confirm, onSent?: OnSent): Promise<void> {
    const { patch, count, changed } = asked;
    if (changed === 0) {
      notes.say(
        count === 0 ? 'No incident matches any more.' : `${alreadySo(patch, countOf(count))}.`,
      );
      return;
    }
    if (needsWord(asked) && !(await confirm(asked))) return;
    onSent?.(asked.target);
    const next = await commit(asked);
    if (next !== null) await confirmed(next, confirm, onSent);
  }

  async function act(
    target: Target,
    patch: TriagePatch,
    confirm: Confirm,
    onSent?: OnSent,
  ): Promise<void> {
    try {
      await confirmed(await prepare(target, patch), confirm, onSent);
    } catch (error) {
      notes.notDone(`Nothing was changed. ${messageOf(error, patch)}`, () => {
        void act(target, patch, confirm, onSent);
      });
    }
  }

  return { act };
}

/** All that match are more than anybody sees, and a SEV1 is not changed along with others unawares. */
function needsWord({ target, sev1 }: Prepared): boolean {
  return target.kind === 'matching' || sev1 > 0;
}
