import type { QueryClient } from '@tanstack/react-query';
import {
  type Incident,
  type IncidentEvent,
  type IncidentList,
  incidentKey,
  newerOf,
  newestById,
} from '@/features/incidents/model/incident';
import { type News, tellGap, tellNews } from '@/features/incidents/model/news';
import type { Block } from '@/lib/event-stream';
import { type LiveHandlers, startLive } from '@/lib/live';
import { joinEvents, keys } from './queries';

/** Events are applied together, so that a storm costs the page a few drawings a second and not one for each. */
const BATCH_MS = 100;
const BATCH = 200;
/** What is counted, and the totals, are asked for again at most so often. */
const REFRESH_MS = 2_000;
/** The counts of the views cost the server more than those of one list. */
const RECOUNT_MS = 5_000;

/**
 * What was read while the page opened may have missed what happened in the moment before the stream began. It is
 * looked at again once the page has long been in use, rather than to ask twice for everything at its opening.
 */
const JOINED_MS = 10_000;

type LiveEvent = IncidentEvent & { incident: Incident | null };

/** Follows all that happens, in what is cached and for whoever listens to `onNews`; returns how to stop. */
export function followIncidents(client: QueryClient): () => void {
  const updates = applyUpdates(client);
  const stop = startLive('/api/events/stream', updates);
  return () => {
    stop();
    updates.stop();
  };
}

/** The handlers of the stream, and how to end what they have under way. */
export function applyUpdates(client: QueryClient): LiveHandlers & { stop: () => void } {
  let queue: Block[] = [];
  let batch: ReturnType<typeof setTimeout> | undefined;
  let refreshing: ReturnType<typeof setTimeout> | undefined;
  let joined: ReturnType<typeof setTimeout> | undefined;
  let refreshedAt = 0;
  let recounting: ReturnType<typeof setTimeout> | undefined;
  let recountedAt = 0;
  let stale: 'nothing' | 'lists' | 'everything' = 'nothing';

  function apply() {
    batch = undefined;
    const news: News[] = [];
    for (const { data } of queue.slice(0, BATCH)) {
      try {
        const { incident, ...event } = JSON.parse(data) as LiveEvent;
        if (incident) news.push({ event, incident, known: isKnown(client, incident) });
      } catch {
        onGap();
      }
    }
    queue = queue.slice(BATCH);
    if (queue.length > 0) batch = setTimeout(apply, BATCH_MS);
    updateCache(client, news);
    tellNews(news);
    refresh('lists');
  }

  function refresh(what: 'lists' | 'everything') {
    if (stale !== 'everything') stale = what;
    // A tab out of sight looks once it is seen.
    if (document.hidden || refreshing !== undefined) return;
    const wait = Math.max(0, refreshedAt + REFRESH_MS - Date.now());
    refreshing = setTimeout(readAgain, wait);
  }

  function readAgain() {
    refreshing = undefined;
    if (document.hidden || stale === 'nothing') return;
    const what = stale;
    refreshedAt = Date.now();
    // An answer that is on its way may not know of it yet; to ask again and again would never let one arrive.
    if (client.isFetching({ queryKey: keys.all, type: 'active' }) > 0) {
      refresh(what);
      return;
    }
    stale = 'nothing';
    if (what === 'everything') tellGap();
    const queries = what === 'everything' ? [keys.all] : [keys.lists, keys.facets];
    for (const queryKey of queries) void client.invalidateQueries({ queryKey });
    void client.invalidateQueries({ queryKey: keys.services, refetchType: 'none' });
    const wait = Math.max(0, recountedAt + RECOUNT_MS - Date.now());
    recounting ??= setTimeout(recount, wait);
  }

  function recount() {
    recounting = undefined;
    recountedAt = Date.now();
    // Nobody asks while the tab is out of sight; and a change of the views asks for them in its end.
    const isIdle = document.hidden || client.isMutating({ mutationKey: keys.views }) > 0;
    void client.invalidateQueries({
      queryKey: keys.views,
      refetchType: isIdle ? 'none' : 'active',
    });
  }

  function onGap() {
    refresh('everything');
  }

  function onVisible() {
    if (stale !== 'nothing') refresh(stale);
  }

  document.addEventListener('visibilitychange', onVisible);
  return {
    onJoin() {
      joined = setTimeout(onGap, JOINED_MS);
    },
    onEvents(blocks) {
      queue = queue.concat(blocks);
      batch ??= setTimeout(apply, BATCH_MS);
    },
    onGap,
    onPoll: onGap,
    stop() {
      document.removeEventListener('visibilitychange', onVisible);
      clearTimeout(joined);
      clearTimeout(batch);
      clearTimeout(refreshing);
      clearTimeout(recounting);
    },
  };
}

function isKnown(client: QueryClient, { id, version }: Incident): boolean {
  const cached = client.getQueryData<Incident>(keys.incident(id));
  return cached !== undefined && cached.version >= version;
}

/** Brings what is cached up to date. Nothing enters or leaves a list here, and nothing changes its place. */
function updateCache(client: QueryClient, news: readonly News[]): void {
  const newest = newestById(news.map(({ incident }) => incident));
  const newer = (incident: Incident) => newerOf(incident, newest);

  for (const query of client.getQueryCache().findAll({ queryKey: keys.lists })) {
    const { queryKey, state } = query;
    const list = state.data as IncidentList | undefined;
    const items = list?.items.map(newer);
    if (!items?.some((incident, index) => incident !== list?.items[index])) continue;
    // The rows are newer, the list as a whole is as old as it was.
    client.setQueryData(queryKey, { ...list, items }, { updatedAt: state.dataUpdatedAt });
    // Which rows there are may be another by now, and whoever opens the list next is to have those.
    query.invalidate();
  }
  for (const incident of newest.values()) {
    for (const name of [incident.id, incidentKey(incident)]) {
      client.setQueryData<Incident>(keys.incident(name), (before) => before && newer(before));
    }
  }
  for (const { event, incident } of news) {
    client.setQueryData<IncidentEvent[]>(
      keys.events(incident.id),
      (before) => before && joinEvents(before, [event]),
    );
  }
}
