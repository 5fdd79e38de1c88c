import { type Incident, type IncidentList, newerOf, newestById } from './incident';
import type { News } from './news';
import { matches } from './query';

/** What the rows were asked for by, and by whom. */
export interface Asked {
  readonly q: string;
  /** The name that `owner:me` stands for. */
  readonly me: string;
}

/** Whether an incident belongs to a list now. */
export function belongs(incident: Incident, { q, me }: Asked): boolean {
  return matches(incident, q, { now: Date.now(), me });
}

/**
 * The list as somebody sees it. Which rows there are, and in which order, is decided when it is opened or asked for
 * anew; afterwards only their contents change, so that nobody ever acts on the wrong row.
 */
export interface SteadyList {
  /** Which visit to which list this is. */
  readonly place: string;
  readonly filter: Asked;
  /** The newest answer, whose counts are shown. */
  readonly answer: IncidentList;
  /** When the rows were decided, by the server's clock, in milliseconds. */
  readonly since: number;
  readonly items: readonly Incident[];
  /** The cursor of what came after them then. */
  readonly after: string | null;
  /** What belongs to the list by now and waits to be asked for, by id. */
  readonly fresh: ReadonlyMap<string, Incident>;
}

/** A write is dated when it begins, and may be seen only so much later. */
const COMMIT_MS = 5_000;

/** Without the server's clock, nothing in the answer is younger than its youngest change. */
function timeOf(answer: IncidentList): number {
  if (answer.servedAt !== null) return answer.servedAt;
  return Math.max(0, ...answer.items.map(({ updatedAt }) => Date.parse(updatedAt) + 1));
}

export function openList(place: string, filter: Asked, answer: IncidentList): SteadyList {
  return {
    place,
    filter,
    answer,
    since: timeOf(answer),
    items: answer.items,
    after: answer.nextCursor,
    fresh: new Map(),
  };
}

/** The same list with newer contents; unchanged, and the same object, where none of them is newer. */
export function withIncidents(list: SteadyList, incidents: readonly Incident[]): SteadyList {
  const found = newestById(incidents);
  const newer = (incident: Incident) => newerOf(incident, found);
  const items = list.items.map(newer);
  const fresh = new Map(
    [...list.fresh.values()]
      .map(newer)
      .filter((incident) => belongs(incident, list.filter))
      .map((incident) => [incident.id, incident]),
  );
  const same =
    items.every((incident, index) => incident === list.items[index]) &&
    fresh.size === list.fresh.size &&
    [...fresh].every(([id, incident]) => incident === list.fresh.get(id));
  return same ? list : { ...list, items, fresh };
}

function withFresh(list: SteadyList, added: readonly Incident[]): SteadyList {
  const shown = new Set(list.items.map(({ id }) => id));
  const fresh = new Map(list.fresh);
  for (const incident of added) {
    const before = fresh.get(incident.id)?.version ?? 0;
    if (!shown.has(incident.id) && before < incident.version) fresh.set(incident.id, incident);
  }
  return fresh.size === list.fresh.size ? list : { ...list, fresh };
}

/** A later answer for the same list. What only moved here from another page is no news; what changed is. */
export function withAnswer(list: SteadyList, answer: IncidentList): SteadyList {
  const added = answer.items.filter(({ updatedAt }) => Date.parse(updatedAt) >= list.since);
  return { ...withFresh(withIncidents(list, answer.items), added), answer };
}

/** What came live. News is what was reported, or changed, so that it belongs to the list now and did not before. */
export function withNews(list: SteadyList, news: readonly News[]): SteadyList {
  const added = news
    .filter(({ event, incident, known }) => {
      if (known || Date.parse(event.at) < list.since - COMMIT_MS) return false;
      if (!belongs(incident, list.filter)) return false;
      return event.type === 'created' || !belongs(asBefore(incident, event.changes), list.filter);
    })
    .map(({ incident }) => incident);
  const contents = news.map(({ incident }) => incident);
  return withFresh(withIncidents(list, contents), added);
}

function asBefore(incident: Incident, changes: News['event']['changes']): Incident {
  const before = Object.entries(changes).map(([field, [old]]) => [field, old]);
  return { ...incident, ...Object.fromEntries(before) };
}

/** Rows that a newer answer does not have, though they should be in it as far as is known here. */
export function missingRows({ items, answer, filter }: SteadyList): Incident[] {
  const there = new Set(answer.items.map(({ id }) => id));
  return items.filter((incident) => !there.has(incident.id) && belongs(incident, filter));
}
