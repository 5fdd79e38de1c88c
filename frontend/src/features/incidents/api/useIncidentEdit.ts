import { useQueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { messageOf } from '@/features/incidents/model/acts';
import {
  type Conflict,
  fieldsOf,
  keepConflict,
  readConflict,
  useConflict,
} from '@/features/incidents/model/conflict';
import type { Incident, IncidentPatch } from '@/features/incidents/model/incident';
import { actorNow } from '@/lib/display-name';
import { actingOf } from './acting';
import { type Written, writesOf } from './writes';

export type SaveResult =
  | { kind: 'saved'; incident: Incident }
  | { kind: 'conflict' }
  | { kind: 'failed'; message: string };

export interface IncidentEdit {
  /**
   * Writes the patch, and never over what the person has not seen: where somebody else changed other fields than
   * `base` had, both changes stand; where it was the same field, it is a conflict.
   */
  save: (patch: IncidentPatch, base: Incident) => Promise<SaveResult>;
  /** The patches on their way, in one, to be shown as if they had arrived. */
  pending: IncidentPatch;
  conflict: Conflict | null;
  /** Ends the conflict by writing what was chosen onto `seen`, or by leaving it at that when nothing was. */
  resolve: (chosen: IncidentPatch, seen: Incident) => Promise<SaveResult>;
}

/**
 * Editing one incident. What is under way belongs to the tab and goes on when the page is left; what was written can be
 * taken back like any other change.
 */
export function useIncidentEdit(id: string): IncidentEdit {
  const client = useQueryClient();
  const writes = writesOf(client);
  const acting = actingOf(client);
  const conflict = useConflict(id);
  useSyncExternalStore(acting.subscribe, acting.snapshot);

  async function write(
    patch: IncidentPatch,
    from: Incident,
    dispute?: (current: Incident) => void,
  ): Promise<SaveResult> {
    const shown = writes.shown(from);
    const answer = writes.edit({ patch, from, actor: actorNow(), dispute });
    // At the press, so that what is taken back next is this and not what was done before it.
    void acting.did(shown, patch, changeOf(answer));
    const written = await answer;
    if (written.kind === 'conflict') return { kind: 'conflict' };
    if (written.kind === 'failed') {
      return { kind: 'failed', message: messageOf(written.error, patch) };
    }
    return { kind: 'saved', incident: written.incident };
  }

  async function resolve(chosen: IncidentPatch, seen: Incident): Promise<SaveResult> {
    const before = readConflict(id);
    if (before === null || fieldsOf(chosen).length === 0) {
      keepConflict(id, null);
      return { kind: 'saved', incident: seen };
    }
    const result = await write(chosen, seen, (current) =>
      keepConflict(id, { base: before.base, current, patch: chosen }),
    );
    if (result.kind === 'saved') keepConflict(id, null);
    return result;
  }

  return {
    save: (patch, base) => write(patch, base),
    pending: writes.pendingOf(id),
    conflict,
    resolve,
  };
}

async function changeOf(answer: Promise<Written>): Promise<string | null> {
  const written = await answer;
  return written.kind === 'saved' ? written.changeId : null;
}
