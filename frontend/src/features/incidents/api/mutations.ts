import { type QueryClient, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, unwrap } from '@/api/client';
import { sendWrite } from '@/api/write';
import { draftKey } from '@/features/incidents/model/form-draft';
import type { Incident, IncidentDraft, IncidentPatch } from '@/features/incidents/model/incident';
import { incidentKey } from '@/features/incidents/model/incident';
import { keys } from './queries';

/**
 * An incident as the server has just told it, under both names that a URL may use; what derives from it is stale. An
 * answer that was asked for again may be older than what is known by now, and changes nothing then.
 */
export function storeIncident(client: QueryClient, incident: Incident): void {
  for (const name of [incident.id, incidentKey(incident)]) {
    client.setQueryData<Incident>(keys.incident(name), (known) =>
      known && known.version > incident.version ? known : incident,
    );
  }
  void client.invalidateQueries({ queryKey: keys.lists });
  void client.invalidateQueries({ queryKey: keys.facets });
  void client.invalidateQueries({ queryKey: keys.services });
  void client.invalidateQueries({ queryKey: keys.events(incident.id) });
}

export function useCreateIncident() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (draft: IncidentDraft) => {
      const header = { 'Idempotency-Key': draftKey(draft) };
      return sendWrite(() =>
        unwrap(api.POST('/api/incidents', { params: { header }, body: draft })),
      );
    },
    onSuccess: (incident) => storeIncident(client, incident),
  });
}

interface Edit {
  id: string;
  /** The write holds only if the incident is still at this version. */
  version: number;
  patch: IncidentPatch;
  key: string;
}

export function useUpdateIncident() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, version, patch, key }: Edit) =>
      sendWrite(() =>
        unwrap(
          api.PATCH('/api/incidents/{incident_id}', {
            params: {
              path: { incident_id: id },
              header: { 'If-Match': `"${version}"`, 'Idempotency-Key': key },
            },
            body: patch,
          }),
        ),
      ),
    onSuccess: (incident) => storeIncident(client, incident),
  });
}

/** Takes back a change, of however many incidents. */
export function useRevertChange() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ changeId, key }: { changeId: string; key: string }) =>
      sendWrite(() =>
        unwrap(
          api.POST('/api/changes/{change_id}/revert', {
            params: { path: { change_id: changeId }, header: { 'Idempotency-Key': key } },
            body: {},
          }),
        ),
      ),
    // Also after a failure: it tells of changes that this page may not have seen.
    onSettled: () => {
      void client.invalidateQueries({ queryKey: keys.all });
      void client.invalidateQueries({ queryKey: keys.services });
    },
  });
}
