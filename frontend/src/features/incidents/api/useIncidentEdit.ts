import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { ApiError } from '@/api/problem';
import type { Incident, IncidentPatch } from '@/features/incidents/model/incident';
import { storeIncident, useUpdateIncident } from './mutations';

/** A write that came too late: somebody else changed the incident since `base` was read. */
export interface Conflict {
  base: Incident;
  current: Incident;
  patch: IncidentPatch;
}

export type SaveResult =
  | { kind: 'saved'; incident: Incident }
  | { kind: 'conflict' }
  | { kind: 'failed'; message: string };

export interface IncidentEdit {
  /** Writes the patch if the incident is still as in `base`; nobody's change is overwritten unseen. */
  save: (patch: IncidentPatch, base: Incident) => Promise<SaveResult>;
  /** The patches on their way, in one, to be shown as if they had arrived. */
  pending: IncidentPatch;
  conflict: Conflict | null;
  takeTheirs: () => void;
  saveMine: () => Promise<SaveResult>;
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

export function useIncidentEdit(): IncidentEdit {
  const client = useQueryClient();
  const { mutateAsync } = useUpdateIncident();
  const [conflict, setConflict] = useState<Conflict | null>(null);
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

  async function write(patch: IncidentPatch, from: Incident): Promise<SaveResult> {
    const base = afterOwnWrites(from);
    try {
      const incident = await mutateAsync({ base, patch });
      if (incident.version > base.version) ownWrites.current.set(base.version, incident);
      return { kind: 'saved', incident };
    } catch (error) {
      if (error instanceof ApiError && error.status === 412 && error.current) {
        const { current } = error;
        // Everything else on the page shows the truth from now on; the patch waits for a decision, and so does one
        // that was waiting already.
        storeIncident(client, current);
        setConflict((before) => ({
          base: before?.base ?? base,
          current,
          patch: { ...before?.patch, ...patch },
        }));
        return { kind: 'conflict' };
      }
      return { kind: 'failed', message: messageOf(error, patch) };
    }
  }

  /** One write at a time: two quick presses would otherwise be a conflict of a person with themselves. */
  async function save(patch: IncidentPatch, base: Incident): Promise<SaveResult> {
    setWaiting((before) => [...before, patch]);
    const result = queue.current.then(() => write(patch, base));
    queue.current = result;
    await result;
    setWaiting((before) => before.filter((one) => one !== patch));
    return result;
  }

  async function saveMine(): Promise<SaveResult> {
    if (conflict === null) return { kind: 'failed', message: '' };
    const result = await save(conflict.patch, conflict.current);
    if (result.kind === 'saved') setConflict(null);
    return result;
  }

  const pending: IncidentPatch = {};
  for (const patch of waiting) Object.assign(pending, patch);

  return {
    save,
    pending,
    conflict,
    takeTheirs: () => setConflict(null),
    saveMine,
  };
}
