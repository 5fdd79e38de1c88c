import type { Incident, IncidentPatch } from './incident';

/** What the answers to this tab's writes have told of an incident, until something newer comes. */
export interface Learnt {
  /** The version that it is true of; an incident of this version or a later one knows better. */
  readonly version: number;
  /** All of the incident, or what a change of many has set; its version only where nothing unseen lies between. */
  readonly fields: Partial<Incident>;
}

/** The incident as it is shown: the newest that is known, and over it what is on its way, in its order. */
export function overlaid(
  incident: Incident,
  learnt: Learnt | null,
  pending: readonly IncidentPatch[],
): Incident {
  const isNews = learnt !== null && learnt.version > incident.version;
  if (!isNews && pending.length === 0) return incident;
  return Object.assign({}, incident, isNews ? learnt.fields : {}, ...pending);
}

/** What is known after one more answer; answers may come late, and in another order. */
export function learn(before: Learnt | null, after: Learnt): Learnt {
  if (before === null) return after;
  if (before.version >= after.version) return before;
  // Only of the very next version is it known that the other fields stayed as they were.
  if (before.version + 1 < after.version) return after;
  return { version: after.version, fields: { ...before.fields, ...after.fields } };
}
