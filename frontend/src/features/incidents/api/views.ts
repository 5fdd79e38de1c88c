import { queryOptions, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useLocation, useNavigate } from 'react-router';
import { api, unwrap } from '@/api/client';
import { BUILT_IN, OPEN, stateOf, type ViewList } from '@/features/incidents/model/views';
import { useDisplayName } from '@/lib/display-name';
import { homePath, setHomePath, useHomePath, useViewsOwner } from '@/lib/home';
import { DEFAULT_STATE, sharedSearch } from '@/lib/search-params';
import { readStored, writeStored } from '@/lib/storage';
import { keys } from './queries';

const KEPT = 'views';
/** Events tell when counts change; those of a view like `created:<2h` change without any. */
const STALE_MS = 60_000;

/** What a view counts can depend on who looks, also where everybody shares the views. */
export function viewsQuery(person: string) {
  return queryOptions({
    queryKey: [...keys.views, person],
    queryFn: ({ signal }): Promise<ViewList> => unwrap(api.GET('/api/views', { signal })),
    staleTime: STALE_MS,
  });
}

function keptViews(owner: string): ViewList | null {
  try {
    const [whose, list]: [string, ViewList] = JSON.parse(readStored(KEPT) ?? 'null');
    return whose === owner ? list : null;
  } catch {
    return null;
  }
}

/**
 * The views of the account, or of everybody. Until the server has answered, those of the last visit, so that the tabs are there with the
 * first paint and stay where they are.
 *
 * @param ask false for what can do with what is known.
 */
export function useViews({ ask = true } = {}): ViewList & { isAnswer: boolean } {
  const person = useDisplayName();
  const owner = useViewsOwner();
  const { data } = useQuery({ ...viewsQuery(person), enabled: ask });
  return useMemo(() => {
    const list = data ?? keptViews(owner) ?? BUILT_IN;
    return { ...list, isAnswer: data !== undefined };
  }, [data, owner]);
}

/** Keeps the answer for the next visit, and makes `/` lead to the default. */
export function useKeepViews({ items, default: first, isAnswer }: ReturnType<typeof useViews>) {
  const { search, state: how } = useLocation();
  const navigate = useNavigate();
  const owner = useViewsOwner();
  const touchedRef = useTouchedRef();
  const view = items.find(({ id }) => id === first);
  const home = view === undefined || view.id === OPEN ? '/' : `/${sharedSearch(stateOf(view))}`;

  useEffect(() => {
    if (isAnswer) writeStored(KEPT, JSON.stringify([owner, { items, default: first }]));
  }, [isAnswer, items, first, owner]);

  useEffect(() => {
    if (!isAnswer || home === homePath()) return;
    const target = home === '/' ? `/${sharedSearch(DEFAULT_STATE)}` : home;
    // Another browser may have been told of another default. Nobody who has begun to work is taken elsewhere.
    const isUnasked = search === '' || how?.home === true;
    if (isUnasked && !touchedRef.current && `/${search}` !== target) {
      void navigate(target, { replace: true, state: { home: true } });
    } else {
      touchedRef.current = true;
      setHomePath(home);
    }
  }, [isAnswer, home, search, how, navigate, touchedRef]);
}

/** Whether the person has done anything here yet. */
function useTouchedRef() {
  const touchedRef = useRef(false);
  useEffect(() => {
    const events = ['pointerdown', 'keydown', 'wheel'];
    const note = () => {
      touchedRef.current = true;
    };
    for (const event of events) document.addEventListener(event, note, { capture: true });
    return () => {
      for (const event of events) document.removeEventListener(event, note, { capture: true });
    };
  }, []);
  return touchedRef;
}

/**
 * Takes a visit to `/` to the list of the default view, before anything is asked for. Where another default is chosen
 * meanwhile, the list stays, under an address of its own.
 *
 * @returns whether there is no list to show yet.
 */
export function useWayHome(): boolean {
  const { search, key } = useLocation();
  const home = useHomePath();
  const navigate = useNavigate();
  const [visit, setVisit] = useState({ key, home });
  if (visit.key !== key) setVisit({ key, home });
  const isOnWay = search === '' && visit.key === key && visit.home !== '/';

  useEffect(() => {
    if (search !== '' || home === '/') return;
    if (isOnWay) void navigate(home, { replace: true, state: { home: true } });
    else void navigate(`/${sharedSearch(DEFAULT_STATE)}`, { replace: true });
  }, [search, home, isOnWay, navigate]);
  return isOnWay;
}
