import { type QueryClient, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, unwrap } from '@/api/client';
import { sendWrite } from '@/api/write';
import { draftKey } from '@/features/incidents/model/form-draft';
import type { Incident, IncidentDraft } from '@/features/incidents/model/incident';
import { incidentKey } from '@/features/incidents/model/incident';
import { keys } from './queries';

/**
 * An incident as the server has just told it, under both names that a URL may use. An answer that was asked for again
 * may be older than what is known by now, and changes nothing then.
 */
export function storeIncident(client: QueryClient, incident: Incident): void {
  for (const name of [incident.id, incidentKey(incident)]) {
    client.setQueryData<Incident>(keys.incident(name), (known) =>
      known && known.version > incident.version ? known : incident,
    );
  }
  void client.invalidateQueries({ queryKey: keys.events(incident.id) });
}

/** After a write: what is listed and counted may be another by now. */
export function refreshLists(client: QueryClient): void {
  for (const queryKey of [keys.lists, keys.facets, keys.services]) {
    void client.invalidateQueries({ queryKey });
  }
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
    onSuccess: (incident) => {
      storeIncident(client, incident);
      refreshLists(client);
    },
  });
}
