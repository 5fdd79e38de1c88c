import type { Incident, IncidentPatch } from './incident';

/** What a change of many has set, up to which version that is news. */
interface Set {
  readonly version: number;
  /** With the version, where nothing unseen lies between that one and the one before. */
  readonly fields: Partial<Incident>;
}

/** What the answers to this tab's writes have told of an incident: the newest as a whole, and what was set since. */
export interface Learnt {
  readonly whole: Incident | null;
  /** In the order of their versions. */
  readonly since: readonly Set[];
}

export const NOTHING_LEARNT: Learnt = { whole: null, since: [] };

/** The incident as it is shown: the newest that is known, and over it what is on its way, in its order. */
export function overlaid(
  incident: Incident,
  { whole, since }: Learnt,
  pending: readonly IncidentPatch[],
): Incident {
  const newest = whole !== null && whole.version > incident.version ? whole : incident;
  const news = since.filter(({ version }) => version > newest.version);
  if (news.length === 0 && pending.length === 0) return newest;
  return Object.assign({}, newest, ...news.map(({ fields }) => fields), ...pending);
}

/** After an answer with the incident; answers may come late, and in another order. */
export function withWhole(before: Learnt, whole: Incident): Learnt {
  if (before.whole !== null && before.whole.version >= whole.version) return before;
  return { whole, since: before.since.filter(({ version }) => version > whole.version) };
}

/** After an answer that tells only what was set, and the version that this has made. */
export function withSet(before: Learnt, set: Set): Learnt {
  if (before.whole !== null && before.whole.version >= set.version) return before;
  return { ...before, since: [...before.since, set].toSorted((a, b) => a.version - b.version) };
}
