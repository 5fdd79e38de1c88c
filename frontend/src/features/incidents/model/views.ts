import type { components } from '@/api/schema';
import { DEFAULT_STATE, formatListState, type ListState } from '@/lib/search-params';
import { isPartOf, meaningOf, sameQuery } from './query';

export type View = components['schemas']['ViewRead'];
/** The views of an account, or of everybody, in the chosen order, and which of them `/` leads to. */
export type ViewList = components['schemas']['ViewList'];

export const VIEW_NAME_MAX = 60;

/** The view that `/` leads to unless another one was chosen. */
export const OPEN = 'open';

function builtIn(
  id: string,
  name: string,
  q: string,
  sortBy: View['sortBy'] = DEFAULT_STATE.sort,
): View {
  const counts = { count: null, countIsExact: true };
  return { id, name, q, sortBy, order: 'desc', density: null, builtIn: true, ...counts };
}

const UNRESOLVED = DEFAULT_STATE.q;

/** What everybody has: the tabs until the server has told which there are. */
export const BUILT_IN: ViewList = {
  items: [
    builtIn(OPEN, 'Open', UNRESOLVED),
    builtIn('mine', 'Mine', `${UNRESOLVED} owner:me`),
    builtIn('unassigned', 'Unassigned', `${UNRESOLVED} owner:none`),
    builtIn('sev1-2', 'SEV1–2', `${UNRESOLVED} sev:1,2`),
    builtIn('resolved', 'Resolved', 'status:resolved', 'updatedAt'),
    builtIn('all', 'All', '', 'createdAt'),
  ],
  default: OPEN,
};

/** The list of a view, from its first page. */
export function stateOf({ q, sortBy, order, density }: View): ListState {
  return { ...DEFAULT_STATE, q: q.trim(), sort: sortBy, order, density };
}

export function viewPath(view: View): string {
  return `/${formatListState(stateOf(view))}`;
}

/** What a view keeps of a list: not the page. */
export function keptOf({ q, sort, order, density }: ListState) {
  return { q, sortBy: sort, order, density };
}

function shows({ q, sortBy, order, density }: View, state: ListState): boolean {
  return (
    sortBy === state.sort &&
    order === state.order &&
    density === state.density &&
    sameQuery(q, state.q)
  );
}

/**
 * The view that a list shows: the one with its query and order; else the narrowest of those that it narrows further,
 * which is the one with the most terms, all of them in the query.
 *
 * @param opened the one that is meant where several show the same, by its id.
 */
export function currentView(
  state: ListState,
  views: readonly View[],
  opened: string | null = null,
): { view: View | null; isExact: boolean } {
  const same = views.filter((view) => shows(view, state));
  const exact = same.find(({ id }) => id === opened) ?? same[0];
  if (exact) return { view: exact, isExact: true };
  const rank = (view: View) => 2 * meaningOf(view.q).size + (view.id === opened ? 1 : 0);
  const [narrowed = null] = views
    .filter(({ q }) => isPartOf(q, state.q))
    .toSorted((a, b) => rank(b) - rank(a));
  return { view: narrowed, isExact: false };
}

/** The same things with one of them at another place, counted from 0. */
export function moved<T>(all: readonly T[], one: T, to: number): T[] {
  const rest = all.filter((other) => other !== one);
  return rest.toSpliced(Math.max(0, Math.min(to, rest.length)), 0, one);
}

let opened: string | null = null;

/** The view that was last opened in this tab: the one that "Update" means, however far the list went from it since. */
export function openedView(): string | null {
  return opened;
}

export function rememberView(id: string | null): void {
  opened = id;
}
