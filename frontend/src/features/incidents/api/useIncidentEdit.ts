import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
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
  /** The patch on its way, to be shown as if it had arrived. */
  pending: IncidentPatch | null;
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
  const update = useUpdateIncident();
  const [conflict, setConflict] = useState<Conflict | null>(null);

  async function save(patch: IncidentPatch, base: Incident): Promise<SaveResult> {
    try {
      const incident = await update.mutateAsync({ base, patch });
      setConflict(null);
      return { kind: 'saved', incident };
    } catch (error) {
      if (error instanceof ApiError && error.status === 412 && error.current) {
        // Everything else on the page shows the truth from now on; the patch waits for a decision.
        storeIncident(client, error.current);
        setConflict({ base, current: error.current, patch });
        return { kind: 'conflict' };
      }
      return { kind: 'failed', message: messageOf(error, patch) };
    }
  }

  return {
    save,
    pending: update.isPending ? update.variables.patch : null,
    conflict,
    takeTheirs: () => setConflict(null),
    saveMine: async () =>
      conflict ? save(conflict.patch, conflict.current) : { kind: 'failed', message: '' },
  };
}
