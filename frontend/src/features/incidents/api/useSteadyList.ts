import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { useLocation } from 'react-router';
import type { Incident, IncidentList } from '@/features/incidents/model/incident';
import { listenToNews } from '@/features/incidents/model/news';
import { asksForMe } from '@/features/incidents/model/query';
import {
  missingRows,
  openList,
  type SteadyList,
  withAnswer,
  withIncidents,
  withNews,
} from '@/features/incidents/model/steady-list';
import { useDisplayName } from '@/lib/display-name';
import { formatListState, type ListState } from '@/lib/search-params';
import { incidentQuery, listQuery, mistakesIn } from './queries';

const NOTHING: ReadonlyMap<string, Incident> = new Map();

/**
 * The list of a URL, whose rows stay where they are: what is read again behind the person's back changes their
 * contents only. A visit, another filter, page or order, and `load` bring what the server has.
 */
export function useSteadyList(state: ListState) {
  const { key } = useLocation();
  const me = useDisplayName();
  const place = `${key} ${formatListState(state)} ${asksForMe(state.q) ? me : ''}`;
  const query = useQuery(listQuery(state));
  const { data, isFetching, isPlaceholderData } = query;
  const [steady, setSteady] = useState<SteadyList | null>(null);

  const isHere = steady?.place === place;
  // What is on its way because of this visit still decides the rows; whatever comes later does not.
  if (data && !isPlaceholderData && !isFetching && !isHere) {
    setSteady(openList(place, { q: state.q, me }, data));
  } else if (data && isHere && !isPlaceholderData && data !== steady.answer) {
    setSteady(withAnswer(steady, data));
  }
  useNews(isHere ? steady : null, !isFetching, setSteady);

  /** Brings the rows up to date. Resolves to those that are new on the page, once drawn; to null where it failed. */
  async function load(): Promise<Incident[] | null> {
    const before = new Set(steady?.items.map(({ id }) => id));
    const answer = await query.refetch();
    if (!answer.data || answer.isError) return null;
    const items = answer.data.items;
    const opened = openList(place, { q: state.q, me }, answer.data);
    flushSync(() => setSteady((list) => (list?.place === place ? opened : list)));
    return items.filter(({ id }) => !before.has(id));
  }

  // Until the answer for a new place is there, the rows of the old one stay, as they were.
  // So do they where the query cannot be read.
  const mistakes = mistakesIn(query.error);
  const isUnreadable = mistakes.length > 0;
  const shown = steady && (isHere || isPlaceholderData || isUnreadable) ? steady : null;
  return {
    ...query,
    mistakes,
    // What cannot be read is no failure that trying again could mend.
    error: isUnreadable ? null : query.error,
    failureReason: isUnreadable ? null : query.failureReason,
    answer: shown ? asShown(shown) : data,
    /** Of the rows that are shown. */
    place: shown?.place ?? place,
    /** Another one whenever the rows were decided anew; null before they ever were. */
    visit: shown && `${shown.place} ${shown.since}`,
    filter: shown?.filter ?? { q: state.q, me },
    fresh: isHere ? steady.fresh : NOTHING,
    load,
  };
}

/** The newest answer, with the rows that are shown. Of these some may be counted no more. */
function asShown({ answer, items, after }: SteadyList): IncidentList {
  const last = ((answer.page ?? 1) - 1) * answer.perPage + items.length;
  const total = Math.max(answer.total, items.length && last);
  return { ...answer, items: [...items], total, nextCursor: after };
}

/**
 * What happens to the rows while nobody reads them again. A row that is missing from the answer after a gap has either
 * moved to another page, or changed so that it left the list: the incident itself has to be asked.
 */
function useNews(
  list: SteadyList | null,
  settled: boolean,
  setSteady: (change: (list: SteadyList | null) => SteadyList | null) => void,
): void {
  const client = useQueryClient();
  const unsure = useRef(false);
  useEffect(
    () =>
      listenToNews({
        onNews: (news) => setSteady((now) => now && withNews(now, news)),
        onGap: () => {
          unsure.current = true;
        },
      }),
    [setSteady],
  );

  const answer = list?.answer;
  const missing = list && missingRows(list);
  const latest = useRef(missing);
  useEffect(() => {
    latest.current = missing;
  });
  useEffect(() => {
    if (!unsure.current || !settled || answer === undefined) return;
    unsure.current = false;
    for (const { id } of latest.current ?? []) {
      client
        .fetchQuery({ ...incidentQuery(id, client), staleTime: 0, retry: false })
        .then((incident) => setSteady((now) => now && withIncidents(now, [incident])))
        // The row stays as it was until something tells more.
        .catch(() => null);
    }
  }, [client, answer, settled, setSteady]);
}
