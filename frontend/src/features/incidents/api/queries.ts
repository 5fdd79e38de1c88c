import {
  keepPreviousData,
  type QueryClient,
  queryOptions,
  replaceEqualDeep,
} from '@tanstack/react-query';
import { api, unwrap } from '@/api/client';
import { ApiError, type Mistake } from '@/api/problem';
import type { Incident, IncidentEvent, IncidentList } from '@/features/incidents/model/incident';
import { incidentKey } from '@/features/incidents/model/incident';
import { asksForMe, isReadable } from '@/features/incidents/model/query';
import { displayName } from '@/lib/display-name';
import { apiFilters, type ListState } from '@/lib/search-params';

export const keys = {
  /** Everything about incidents, below. */
  all: ['incidents'] as const,
  lists: ['incidents', 'list'] as const,
  facets: ['incidents', 'facets'] as const,
  // "inc-42" typed by hand is the same incident as INC-42.
  incident: (id: string) => ['incidents', 'one', id.toUpperCase()] as const,
  events: (id: string) => ['incidents', 'events', id] as const,
  services: ['services'] as const,
  views: ['views'] as const,
};

/** Another name asks for other incidents, where the query says `owner:me`. */
function asker({ q }: ListState): string[] {
  return asksForMe(q) ? [displayName()] : [];
}

/** A page of the list; with a cursor, what came after the rows of an earlier answer, wherever it is by now. */
export function listQuery(state: ListState, cursor?: string) {
  const query = {
    ...apiFilters(state),
    ...(cursor === undefined ? { page: state.page } : { cursor }),
    per_page: state.perPage,
    sort_by: state.sort,
    order: state.order,
  };
  return queryOptions({
    queryKey: [...keys.lists, query, ...asker(state)],
    queryFn: async ({ signal }): Promise<IncidentList> => {
      const call = api.GET('/api/incidents', { params: { query }, signal });
      const page = await unwrap(call);
      const { response } = await call;
      return { ...page, servedAt: Date.parse(response.headers.get('Date') ?? '') || null };
    },
    structuralSharing: newestRows,
    placeholderData: keepPreviousData,
  });
}

/** What was asked before an event came may be answered after it, and knows less. */
function newestRows(before: unknown, after: unknown): unknown {
  if (before === undefined) return after;
  const answer = after as IncidentList;
  const known = new Map((before as IncidentList).items.map((incident) => [incident.id, incident]));
  const items = answer.items.map((incident) => newest(known.get(incident.id), incident));
  return replaceEqualDeep(before, { ...answer, items });
}

export type ExportFormat = 'csv' | 'ndjson';

/** Where the browser downloads all that the list shows, on every page, in its order. */
export function exportHref(state: ListState, format: ExportFormat): string {
  const query = { format, ...apiFilters(state), sort_by: state.sort, order: state.order };
  const pairs = Object.entries(query).map(([name, value]) => [name, String(value)]);
  return `/api/incidents/export?${new URLSearchParams(pairs)}`;
}

/** Where the query of a list cannot be read, as the answer to it said; none for any other failure. */
export function mistakesIn(error: Error | null): readonly Mistake[] {
  return error instanceof ApiError ? error.mistakes : [];
}

export function facetsQuery(state: ListState) {
  const query = apiFilters(state);
  return queryOptions({
    queryKey: [...keys.facets, query, ...asker(state)],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/incidents/facets', { params: { query }, signal })),
    placeholderData: keepPreviousData,
    // The list tells what is wrong with a query; meanwhile the counts stay what they were.
    enabled: isReadable(state.q) && !asker(state).includes(''),
  });
}

export function incidentQuery(id: string, client: QueryClient) {
  const listed = findInLists(client, id);
  return queryOptions({
    queryKey: keys.incident(id),
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/incidents/{incident_id}', { params: { path: { incident_id: id } }, signal }),
      ),
    structuralSharing: newest,
    // The row that was clicked is shown at once; the answer replaces it.
    ...(listed && { placeholderData: listed }),
  });
}

/**
 * Answers can overtake each other: a read that was asked before a write must not undo what the write showed. Whoever
 * goes from one incident to the next has the one before for comparison, which says nothing.
 */
function newest(before: unknown, after: unknown): unknown {
  const old = before as Incident | undefined;
  const next = after as Incident;
  return old && old.id === next.id && old.version >= next.version ? old : next;
}

function findInLists(client: QueryClient, id: string): Incident | undefined {
  return client
    .getQueriesData<{ items: Incident[] }>({ queryKey: keys.lists })
    .flatMap(([, page]) => page?.items ?? [])
    .find((incident) => incident.id === id || incidentKey(incident) === id.toUpperCase());
}

/** A history only grows: what came live while it was read is not lost again. */
export function joinEvents(before: unknown, after: unknown): IncidentEvent[] {
  const all = new Map<number, IncidentEvent>();
  for (const event of (before ?? []) as IncidentEvent[]) all.set(event.id, event);
  for (const event of after as IncidentEvent[]) all.set(event.id, event);
  return replaceEqualDeep(
    before,
    [...all.values()].toSorted((a, b) => a.id - b.id),
  );
}

/** The whole history: it is read from its end, and the API gives it from its beginning. */
export function eventsQuery(id: string) {
  return queryOptions({
    queryKey: keys.events(id),
    queryFn: async ({ signal }) => {
      const events: IncidentEvent[] = [];
      let cursor: string | null = null;
      do {
        const page: { items: IncidentEvent[]; nextCursor: string | null } = await unwrap(
          api.GET('/api/incidents/{incident_id}/events', {
            params: { path: { incident_id: id }, query: cursor === null ? {} : { cursor } },
            signal,
          }),
        );
        events.push(...page.items);
        cursor = page.nextCursor;
      } while (cursor !== null);
      return events;
    },
    structuralSharing: joinEvents,
  });
}

/** Unresolved incidents that may be the one that is about to be reported. As a list, it is kept up to date as lists are. */
export function similarQuery(title: string, service: string) {
  const query = { title, service };
  return queryOptions({
    queryKey: [...keys.lists, 'similar', query],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/incidents/similar', { params: { query }, signal })),
    // It only helps; what fails is asked for again with the next letter.
    retry: false,
    staleTime: 10_000,
  });
}

export function servicesQuery(search: string) {
  return queryOptions({
    queryKey: [...keys.services, search],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/services', { params: { query: search === '' ? {} : { search } }, signal }),
      ),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });
}
