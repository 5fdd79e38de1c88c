import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { eventsQuery, keys } from './queries';

/** What was fetched so recently is not fetched again; what happens meanwhile comes live. */
export const EVENTS_FRESH_MS = 30_000;

function end(client: QueryClient, id: string): void {
  // What somebody looks at goes on, whoever asked for it first.
  void client.cancelQueries({ queryKey: keys.events(id), type: 'inactive' });
}

/**
 * Fetches the histories of the incidents that will probably be looked at next, and ends the requests for those that
 * were passed by.
 *
 * @param at the incident that is looked at.
 * @param near its neighbours, the likeliest first; a few, since each is a request.
 * @param rested whether the person has stopped here: while a key is held down, nothing is asked for.
 */
export function usePrefetchedEvents(at: string, near: readonly string[], rested: boolean): void {
  const client = useQueryClient();
  const asked = useRef(new Set<string>());
  const wanted = near.join(' ');

  useEffect(() => {
    const ids = wanted.split(' ').filter(Boolean);
    for (const id of asked.current) {
      if (id === at || ids.includes(id)) continue;
      asked.current.delete(id);
      end(client, id);
    }
    if (!rested) return;
    for (const id of ids) {
      asked.current.add(id);
      void client.prefetchQuery({ ...eventsQuery(id), staleTime: EVENTS_FRESH_MS });
    }
  }, [client, at, wanted, rested]);

  useEffect(() => {
    const ids = asked.current;
    return () => {
      // A moment later, when whatever comes in its place has begun to look.
      setTimeout(() => ids.forEach((id) => end(client, id)));
    };
  }, [client]);
}
