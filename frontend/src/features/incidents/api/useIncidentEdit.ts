import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { ApiError } from '@/api/problem';
import { isUndecided } from '@/api/write';
import {
  type Conflict,
  divide,
  fieldsOf,
  keepConflict,
  readConflict,
  useConflict,
} from '@/features/incidents/model/conflict';
import type { Incident, IncidentPatch } from '@/features/incidents/model/incident';
import { keyFor, settle } from '@/lib/idempotency';
import { storeIncident, useUpdateIncident } from './mutations';

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

/** The message that belongs beside the field: the field's own when the server named it. */
function messageOf(error: unknown, patch: IncidentPatch): string {
  if (!(error instanceof ApiError)) return String(error);
  const own = Object.keys(patch).flatMap((field) => error.fields[field] ?? []);
  const others = Object.entries(error.fields).flatMap(
    ([field, list]) => `${field}: ${list.join(' ')}`,
  );
  return own.join(' ') || others.join(' ') || error.message;
}

/**
 * Editing one incident.
 *
 * @param onChanged told of every write that changed something.
 */
export function useIncidentEdit(
  id: string,
  onChanged: (incident: Incident, patch: IncidentPatch) => void,
): IncidentEdit {
  const client = useQueryClient();
  const { mutateAsync } = useUpdateIncident();
  const conflict = useConflict(id);
  const [waiting, setWaiting] = useState<readonly IncidentPatch[]>([]);
  const queue = useRef<Promise<unknown>>(Promise.resolve());
  const ownWrites = useRef(new Map<number, Incident>());

  /**
   * Where this page's own writes have led from there. If-Match held for each of them, so nobody else's change lies
   * between the two.
   */
  function afterOwnWrites(base: Incident): Incident {
    const next = ownWrites.current.get(base.version);
    return next ? afterOwnWrites(next) : base;
  }

  /** @param onto the incident to write onto: `base`, or what came of it where only other fields were changed. */
  async function write(
    patch: IncidentPatch,
    base: Incident,
    onto: Incident,
    dispute: (current: Incident) => void,
  ): Promise<SaveResult> {
    // The same wish gets the same key, whether it is sent again by itself, by Retry or by pressing Save once more.
    const what = JSON.stringify([id, onto.version, patch]);
    try {
      const incident = await mutateAsync({ id, version: onto.version, patch, key: keyFor(what) });
      settle(what);
      if (incident.version > onto.version) {
        ownWrites.current.set(onto.version, incident);
        onChanged(incident, patch);
      }
      return { kind: 'saved', incident };
    } catch (error) {
      if (!isUndecided(error)) settle(what);
      if (!(error instanceof ApiError) || error.status !== 412 || !error.current) {
        return { kind: 'failed', message: messageOf(error, patch) };
      }
      const { current } = error;
      // Everything else on the page shows the truth from now on.
      storeIncident(client, current);
      // Each round means that somebody else got something written, so this ends.
      if (divide(base, current, patch).disputed.length === 0) {
        return write(patch, base, current, dispute);
      }
      dispute(current);
      return { kind: 'conflict' };
    }
  }

  /** One write at a time: two quick presses would otherwise be a conflict of a person with themselves. */
  async function inTurn(patch: IncidentPatch, run: () => Promise<SaveResult>): Promise<SaveResult> {
    setWaiting((before) => [...before, patch]);
    const result = queue.current.then(run);
    queue.current = result;
    await result;
    setWaiting((before) => before.filter((one) => one !== patch));
    return result;
  }

  function save(patch: IncidentPatch, from: Incident): Promise<SaveResult> {
    return inTurn(patch, () => {
      const base = afterOwnWrites(from);
      return write(patch, base, base, (current) => {
        // The patch waits for a decision, and so does one that was waiting already.
        const before = readConflict(id);
        keepConflict(id, {
          base: before?.base ?? base,
          current,
          patch: { ...before?.patch, ...patch },
        });
      });
    });
  }

  async function resolve(chosen: IncidentPatch, seen: Incident): Promise<SaveResult> {
    const before = readConflict(id);
    if (before === null || fieldsOf(chosen).length === 0) {
      keepConflict(id, null);
      return { kind: 'saved', incident: seen };
    }
    const result = await inTurn(chosen, () => {
      const base = afterOwnWrites(seen);
      return write(chosen, base, base, (current) =>
        keepConflict(id, { base: before.base, current, patch: chosen }),
      );
    });
    if (result.kind === 'saved') keepConflict(id, null);
    return result;
  }

  const pending: IncidentPatch = {};
  for (const patch of waiting) Object.assign(pending, patch);

  return { save, pending, conflict, resolve };
}
