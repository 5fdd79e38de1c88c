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
