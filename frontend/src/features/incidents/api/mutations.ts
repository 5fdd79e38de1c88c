import { type QueryClient, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, unwrap } from '@/api/client';
import type { Incident, IncidentDraft, IncidentPatch } from '@/features/incidents/model/incident';
import { incidentKey } from '@/features/incidents/model/incident';
import { keys } from './queries';

/** An incident as the server has just told it, under both names that a URL may use; what derives from it is stale. */
export function storeIncident(client: QueryClient, incident: Incident): void {
  client.setQueryData(keys.incident(incident.id), incident);
  client.setQueryData(keys.incident(incidentKey(incident)), incident);
  void client.invalidateQueries({ queryKey: keys.lists });
  void client.invalidateQueries({ queryKey: keys.facets });
  void client.invalidateQueries({ queryKey: keys.services });
  void client.invalidateQueries({ queryKey: keys.events(incident.id) });
}

export function useCreateIncident() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (draft: IncidentDraft) => unwrap(api.POST('/api/incidents', { body: draft })),
    onSuccess: (incident) => storeIncident(client, incident),
  });
}

interface Edit {
  /** The incident that the person was looking at: the write holds only if it is still so. */
  base: Incident;
  patch: IncidentPatch;
}

export function useUpdateIncident() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ base, patch }: Edit) =>
      unwrap(
        api.PATCH('/api/incidents/{incident_id}', {
          params: {
            path: { incident_id: base.id },
            header: { 'If-Match': `"${base.version}"` },
          },
          body: patch,
        }),
      ),
    onSuccess: (incident) => storeIncident(client, incident),
  });
}
