import { useEffect, useRef, useState } from 'react';
import { useLocation, useNavigate, useNavigationType } from 'react-router';
import { hasNextPage, Pagination, previousPage, rangeText } from '@/components/Pagination';
import { ErrorPanel } from '@/components/ui/ErrorPanel';
import { useSteadyList } from '@/features/incidents/api/useSteadyList';
import { useWayHome } from '@/features/incidents/api/views';
import { DensityPicker } from '@/features/incidents/components/DensityPicker';
import { ExportMenu } from '@/features/incidents/components/ExportMenu';
import { FilterBar } from '@/features/incidents/components/FilterBar';
import {
  EmptyList,
  ListSkeleton,
  UnreadableQuery,
} from '@/features/incidents/components/ListStates';
import { NewsPill } from '@/features/incidents/components/NewsPill';
import { Peek } from '@/features/incidents/components/peek/Peek';
import { TriageList } from '@/features/incidents/components/TriageList';
import { focusRow, tabStop } from '@/features/incidents/components/useRowFocus';
import { ViewTabs } from '@/features/incidents/components/ViewTabs';
import type { Incident, IncidentList } from '@/features/incidents/model/incident';
import {
  type LastOpened,
  rememberOpened,
  takeOpened,
} from '@/features/incidents/model/last-opened';
import { useListState } from '@/hooks/useListState';
import { useRetry } from '@/hooks/useRetry';
import { useCommand } from '@/lib/commands';
import { isFocusLost } from '@/lib/focus';
import { whenIdle } from '@/lib/idle';
import { formatCount } from '@/lib/numbers';
import { formatListState, type ListState, withFilter } from '@/lib/search-params';

/** `/` alone leads to the default view. */
export function IncidentListPage() {
  return useWayHome() ? null : <TriagePage />;
}

function TriagePage() {
  const { state, setState } = useListState();
  const { search } = useLocation();
  const navigate = useNavigate();
  const list = useSteadyList(state);
  const { answer: data, error, failureReason, isPlaceholderData, isPending } = list;
  const isUnreadable = list.mistakes.length > 0;
  const fresh = [...list.fresh.values()];
  const worst = fresh.filter(({ severity }) => severity === 'SEV1').length;
  const pill = useRef<HTMLButtonElement>(null);
  const range = data ? rangeText(data) : '';
  const told = useRangeToTell(range, list.visit);
  const retry = useRetry(
    list,
    () => tabStop() ?? document.querySelector<HTMLElement>('.state[role=alert] .btn'),
  );
  // Nothing on the screen tells that something is on its way: the first load, or one after an empty answer.
  const waiting = isPending || (isPlaceholderData && data?.items.length === 0);

  useFocusKept(data?.items.length);

  const hrefFor = (page: number) => `/${formatListState({ ...state, page })}`;
  const lastPage = data?.pages ?? 1;
  useCommand('page.previous', () => void navigate(hrefFor(previousPage(state.page, lastPage))), {
    enabled: state.page > 1,
  });
  useCommand('page.next', () => void navigate(hrefFor(state.page + 1)), {
    enabled: data !== undefined && hasNextPage(state.page, data),
  });
  useCommand('list.load', () => void loadNews(), { enabled: data !== undefined });

  async function loadNews() {
    const added = await list.load();
    if (added === null) return;
    // The pill is gone with the focus in it; a key was pressed where the focus still is.
    if (isFocusLost() || document.activeElement === pill.current) {
      focusRow(added[0]?.id ?? '', 0, { show: true });
    }
  }

  /** So that Back finds the row again, and the incident its neighbours. */
  function onOpen(_: Incident, index: number) {
    // The peek may show one that is in this list no more.
    if (data === undefined || index < 0) return;
    const { items: rows, total, totalIsExact, nextCursor: after } = data;
    const before = ((data.page ?? 1) - 1) * data.perPage;
    const { scrollY } = window;
    rememberOpened({ search, scrollY, rows, index, before, total, totalIsExact, after });
  }

  useReturnToRow(state, isPlaceholderData ? undefined : data);
  useEffect(preloadPages, []);

  const total = data && !isPlaceholderData && formatCount(data.total, data.totalIsExact);

  return (
    <div className="list-page">
      <title>{`${worst > 0 ? `(${worst} SEV1) ` : ''}Incidents · Incident Tracker`}</title>
      <h1 className="sr-only">Incidents</h1>
      <div className="viewbar">
        <ViewTabs state={state} />
        <p className="num range" data-stale={isPlaceholderData || undefined}>
          {range}
        </p>
        <p className="sr-only" role="status">
          {told}
        </p>
        <DensityPicker />
        <ExportMenu state={state} total={total || null} />
      </div>
      <FilterBar state={state} onChange={(change) => setState(withFilter(state, change))} />
      {failureReason && !error && (
        <p className="notice stale-note" role="status">
          {failureReason.message} Trying again…
        </p>
      )}
      {waiting && <ListSkeleton />}
      {error && !data && (
        <ErrorPanel title="The incidents could not be loaded" error={error} onRetry={retry} />
      )}
      {error && data && (
        <p className="notice stale-note" role="status">
          This may be out of date: {error.message}{' '}
          <button type="button" className="link" onClick={retry}>
            Retry
          </button>
        </p>
      )}
      {isUnreadable && !data?.items.length && (
        <UnreadableQuery q={state.q} mistakes={list.mistakes} />
      )}
      {/* Everything of the list but the peek lies in the left column, and what covers it lies in the same place. */}
      <div className="triage">
        <NewsPill ref={pill} fresh={fresh} onLoad={() => void loadNews()} />
        {data && (
          <TriageList
            answer={data}
            state={state}
            filter={list.filter}
            place={list.place}
            stale={isPlaceholderData}
            onOpen={onOpen}
          >
            {data.items.length > 0 && (
              <Pagination
                answer={data}
                page={state.page}
                perPage={state.perPage}
                hrefFor={hrefFor}
                onPerPage={(perPage) => setState(withFilter(state, { perPage }))}
              />
            )}
            {data.items.length === 0 && !isPlaceholderData && !isUnreadable && (
              <EmptyList state={state} total={data.total} totalIsExact={data.totalIsExact} />
            )}
          </TriageList>
        )}
        {data && <Peek incidents={data.items} place={list.place} onOpen={onOpen} />}
      </div>
    </div>
  );
}

/**
 * What the focus was on is gone where the last row went, or where rows came in place of the words that said that there
 * were none.
 *
 * @param count of the rows, undefined before there was an answer.
 */
function useFocusKept(count: number | undefined): void {
  const isEmpty = count === undefined ? undefined : count === 0;
  const before = useRef(isEmpty);
  useEffect(() => {
    const isOther = before.current !== undefined && before.current !== isEmpty;
    before.current = isEmpty;
    if (isOther && isFocusLost())
      (tabStop() ?? document.querySelector<HTMLElement>('main'))?.focus();
  }, [isEmpty]);
}

/**
 * The range of the rows, as it was when they were decided. What others do changes the totals every few seconds, and
 * nobody wants to hear of each.
 */
function useRangeToTell(range: string, visit: string | null): string {
  const [told, setTold] = useState({ visit, range: '' });
  if (visit !== null && visit !== told.visit) setTold({ visit, range });
  return told.range;
}

/**
 * Coming back from an incident: the same place, and the focus on the row of the incident that was last looked at, or
 * on the one in its place. It may have been walked to, and be on another page.
 *
 * @param answer undefined until it is the one for this state.
 */
function useReturnToRow(state: ListState, answer: IncidentList | undefined): void {
  const { search } = useLocation();
  const back = useNavigationType() === 'POP';
  const navigate = useNavigate();
  const opened = useRef<LastOpened | null>(null);
  const turned = useRef(false);
  const done = useRef(false);
  useEffect(() => {
    if (answer === undefined || done.current) return;
    opened.current ??= back ? takeOpened(search) : null;
    done.current = true;
    if (opened.current === null) return;
    const { rows, index, before, scrollY } = opened.current;
    const id = rows[index]?.id ?? '';
    const place = before + index;
    const page = Math.floor(place / state.perPage) + 1;
    const isElsewhere = page !== state.page && !answer.items.some((row) => row.id === id);
    // Once: whatever the page then is, this is the way back to it.
    if (isElsewhere && page <= answer.pages && !turned.current) {
      turned.current = true;
      done.current = false;
      void navigate(`/${formatListState({ ...state, page })}`, { replace: true });
      return;
    }
    if (before / state.perPage + 1 === state.page) window.scrollTo(0, scrollY);
    focusRow(id, place % state.perPage, { show: true });
  }, [answer, back, navigate, search, state]);
}

/** The other pages are small; fetched while the person reads, they open without a wait. */
function preloadPages(): void {
  whenIdle(() => {
    // A failure here is told when the page is really asked for.
    Promise.all([import('./IncidentDetailPage'), import('./CreateIncidentPage')]).catch(() => null);
  });
}
