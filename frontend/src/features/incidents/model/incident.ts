import type { components } from '@/api/schema';

type Schemas = components['schemas'];

export type Incident = Schemas['IncidentRead'];
export type IncidentEvent = Schemas['EventRead'];
/** A page of the list; `servedAt` is when the server gave it, in milliseconds, if it said so. */
export type IncidentList = Schemas['IncidentPage'] & { readonly servedAt: number | null };
export type IncidentPatch = Schemas['IncidentPatch'];
export type IncidentDraft = Schemas['IncidentCreate'];

/** What people say: "INC-42". */
export function incidentKey(incident: { number: number }): string {
  return `INC-${incident.number}`;
}

export function incidentPath(incident: { number: number }): string {
  return `/incidents/${incidentKey(incident)}`;
}

/** What is known of each incident, by id: of several versions the newest. */
export function newestById(incidents: readonly Incident[]): Map<string, Incident> {
  const newest = new Map<string, Incident>();
  for (const incident of incidents) {
    const other = newest.get(incident.id);
    if (other === undefined || other.version < incident.version) newest.set(incident.id, incident);
  }
  return newest;
}

/** The incident, or what is known of it where that is newer. */
export function newerOf(incident: Incident, known: ReadonlyMap<string, Incident>): Incident {
  const other = known.get(incident.id);
  return other !== undefined && other.version > incident.version ? other : incident;
}
