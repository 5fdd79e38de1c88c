import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useLocation, useNavigate } from 'react-router';
import { toast } from 'sonner';
import { type Incident, incidentPath } from '@/features/incidents/model/incident';
import {
  type LastOpened,
  lookAt,
  rememberOpened,
  withRowsAfter,
  withRowsBefore,
} from '@/features/incidents/model/last-opened';
import { useDebounce } from '@/hooks/useDebounce';
import { formatCount } from '@/lib/numbers';
import { parseListState } from '@/lib/search-params';
import { listQuery } from './queries';
import { usePrefetchedEvents } from './usePrefetchedEvents';

/** Somebody who walks on at once does not need the neighbours of where they were. */
const REST_MS = 150;

interface ListWalk {
  /** "3 of 214", by the order in which the list was seen. */
  position: string;
  /** Goes there; null where the list begins or ends. */
  previous: (() => void) | null;
  next: (() => void) | null;
}

/**
 * The way through the list that an incident was opened from. Rows keep the order that the person saw, whatever has
 * become of them; past the last one the list goes on with what is there now. Null without such a list: the page was
 * opened by a link.
 */
export function useListWalk(incident: Incident): ListWalk | null {
  const client = useQueryClient();
  const navigate = useNavigate();
  const fromList = useLocation().state?.fromList === true;
  const [opened, setOpened] = useState(() => (fromList ? lookAt(incident.id) : null));
  const here = useRef(true);
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);

  const around = opened && [opened.rows[opened.index + 1], opened.rows[opened.index - 1]];
  const near = (around ?? []).flatMap((stop) => stop?.id ?? []);
  usePrefetchedEvents(incident.id, near, useDebounce(incident.id, REST_MS) === incident.id);
  if (opened === null) return null;

  const { search, rows, index, before, total, totalIsExact, after } = opened;
  const state = parseListState(search);
  // The first of these rows is on the page after it.
  const pageBefore = Math.floor(before / state.perPage);

  function goTo(stop: LastOpened['rows'][number] | undefined) {
    // In place of this one, so that Back leads to the list.
    if (stop) void navigate(incidentPath(stop), { replace: true, state: { fromList: true } });
  }

  /** Past the rows that are known: fetches those that follow, and goes to the first of them. */
  async function fetchAndGo(fetchMore: () => Promise<LastOpened>, step: 1 | -1) {
    try {
      const more = await fetchMore();
      if (!here.current) return;
      rememberOpened(more);
      setOpened(more);
      goTo(more.rows[more.index + step]);
    } catch (error) {
      if (!here.current) return;
      toast.error(`The list could not be loaded. ${error instanceof Error ? error.message : ''}`, {
        action: { label: 'Retry', onClick: () => void fetchAndGo(fetchMore, step) },
      });
    }
  }

  async function fetchAfter(from: LastOpened): Promise<LastOpened> {
    const answer = await client.fetchQuery(listQuery(state, from.after ?? ''));
    return withRowsAfter(from, answer.items, answer.nextCursor);
  }

  async function fetchBefore(from: LastOpened): Promise<LastOpened> {
    const answer = await client.fetchQuery(listQuery({ ...state, page: pageBefore }));
    return withRowsBefore(from, answer.items);
  }

  const walkBack = () =>
    index > 0 ? goTo(rows[index - 1]) : void fetchAndGo(() => fetchBefore(opened), -1);
  const walkOn = () =>
    index < rows.length - 1 ? goTo(rows[index + 1]) : void fetchAndGo(() => fetchAfter(opened), 1);
  const place = before + index + 1;
  return {
    position: `${formatCount(place)} of ${formatCount(Math.max(total, place), totalIsExact)}`,
    previous: index > 0 || pageBefore > 0 ? walkBack : null,
    next: index < rows.length - 1 || after !== null ? walkOn : null,
  };
}
