import { useQueryClient } from '@tanstack/react-query';
import { toast } from 'sonner';
import { ApiError } from '@/api/problem';
import { isUndecided } from '@/api/write';
import { conflictsInWords, listOf } from '@/features/incidents/model/history';
import type { Incident, IncidentPatch } from '@/features/incidents/model/incident';
import { keyFor, settle } from '@/lib/idempotency';
import { useRevertChange } from './mutations';
import { eventsQuery } from './queries';

/** Long enough to read, notice the mistake and reach the button. */
const OFFERED_MS = 8_000;

export interface Undo {
  /** Takes a change back. Resolves to why it could not be, in sentences; to nothing when it was. */
  undo: (changeId: string) => Promise<string[]>;
  /** Says what was changed, and offers to take it back. */
  offer: (changed: Incident, patch: IncidentPatch) => void;
}

/** Taking changes back, by the server's own revert of a change: it counts even if this page is closed at once. */
export function useUndo(incident: Incident): Undo {
  const client = useQueryClient();
  const { mutateAsync } = useRevertChange();

  async function undo(changeId: string): Promise<string[]> {
    const what = `revert ${changeId}`;
    try {
      const change = await mutateAsync({ changeId, key: keyFor(what) });
      settle(what);
      const { changed } = change;
      const done = changed > 1 ? `Undone on ${changed} incidents` : 'Undone';
      const back = change.changeId;
      if (back === null) toast('It is so already; there was nothing to undo.');
      else toast.success(done, { duration: OFFERED_MS, action: undoAction(() => undo(back)) });
      return [];
    } catch (error) {
      if (!isUndecided(error)) settle(what);
      if (error instanceof ApiError) return conflictsInWords(error, incident);
      return [String(error)];
    }
  }

  /** For where there is no entry beside which a failure could be told. */
  function undoAction(run: () => Promise<string[]>) {
    const onClick = async () => {
      const reasons = await run().catch((error: unknown) => [String(error)]);
      if (reasons.length === 0) return;
      toast.error(`Not undone. ${reasons.join(' ')}`, {
        duration: OFFERED_MS,
        action: { label: 'Retry', onClick: () => void onClick() },
      });
    };
    return { label: 'Undo', onClick: () => void onClick() };
  }

  /** The answer to a change does not name it; the history does, at the same moment. */
  async function undoOf(changed: Incident): Promise<string[]> {
    const events = await client.fetchQuery({ ...eventsQuery(changed.id), staleTime: 0 });
    const event = events.findLast(({ at }) => Date.parse(at) === Date.parse(changed.updatedAt));
    return event ? undo(event.changeId) : ['The change is not in the history.'];
  }

  function offer(changed: Incident, patch: IncidentPatch) {
    const what = listOf(Object.keys(patch));
    toast.success(`${what.charAt(0).toUpperCase()}${what.slice(1)} changed`, {
      duration: OFFERED_MS,
      action: undoAction(() => undoOf(changed)),
    });
  }

  return { undo, offer };
}
