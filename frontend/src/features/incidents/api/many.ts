import type { QueryClient } from '@tanstack/react-query';
import { ApiError } from '@/api/problem';
import { isUndecided } from '@/api/write';
import type { Notes } from '@/features/incidents/components/acting/notes';
import { alreadySo, countOf, inInfinitive, isSo, messageOf } from '@/features/incidents/model/acts';
import type {
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
  /** Asks the person whether that is what they want. */
  ask: (prepared: Prepared) => Promise<boolean>;
  undoing: ReturnType<typeof createUndoing>;
  notes: Notes;
}

/** Changing many incidents as one change, after the person has agreed to its size. */
export function createMany(client: QueryClient, { start, ask, undoing, notes }: Parts) {
  const writes = writesOf(client);
  /** One question at a time: it must not become another one under the finger. */
  let isAsking = false;

  async function prepare(target: Target, patch: TriagePatch): Promise<Omit<Prepared, 'again'>> {
    const told = (count: number, changed: number, sev1: number) => ({
      target,
      patch,
      count,
      changed,
      sev1,
      words: inInfinitive(patch, countOf(count)),
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

  /**
   * Resolves to what was agreed to; to null where it was not, or there is nothing to do, which it tells.
   *
   * @param again whether another number was agreed to before.
   */
  async function agreeOn(
    target: Target,
    patch: TriagePatch,
    again: boolean,
  ): Promise<Prepared | null> {
    const asked = { ...(await prepare(target, patch)), again };
    const { count, changed } = asked;
    if (changed > 0) return !needsWord(asked) || (await ask(asked)) ? asked : null;
    notes.say(
      count === 0 ? 'No incident matches any more.' : `${alreadySo(patch, countOf(count))}.`,
    );
    return null;
  }

  /** Changes what was agreed to; asks anew where it turns out to be another number. */
  async function commit(agreed: Prepared, by: { key: string; actor: string }) {
    const { target, patch, count, changed } = agreed;
    if (target.kind === 'some') {
      start({ incidents: target.incidents.map(writes.shown), patch, ...by });
      return;
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
    } catch (error) {
      if (isUndecided(error)) {
        notes.notDone(
          `The change of ${countOf(changed)} may have been made. ${messageOf(error, patch)}`,
          // Under the same key, so that what has been made is not made again.
          () => void commit(agreed, by),
        );
      } else if (error instanceof ApiError && error.status === 409) {
        await request(target, patch, true);
      } else {
        notes.notDone(`Nothing was changed. ${messageOf(error, patch)}`, () => {
          void request(target, patch, false);
        });
      }
    }
  }

  async function request(
    target: Target,
    patch: TriagePatch,
    again: boolean,
    onSent?: OnSent,
  ): Promise<void> {
    const retry = () => void request(target, patch, again, onSent);
    if (isAsking) {
      notes.notDone('Nothing was changed: another change of many waits to be agreed to.', retry);
      return;
    }
    isAsking = true;
    let agreed: Prepared | null = null;
    try {
      agreed = await agreeOn(target, patch, again);
    } catch (error) {
      notes.notDone(`Nothing was changed. ${messageOf(error, patch)}`, retry);
    } finally {
      isAsking = false;
    }
    if (agreed === null) return;
    onSent?.(target);
    await commit(agreed, { key: newKey(), actor: actorNow() });
  }

  return {
    act: (target: Target, patch: TriagePatch, onSent?: OnSent) =>
      request(target, patch, false, onSent),
  };
}

/** All that match are more than anybody sees, and a SEV1 is not changed along with others unawares. */
function needsWord({ target, sev1 }: Prepared): boolean {
  return target.kind === 'matching' || sev1 > 0;
}
