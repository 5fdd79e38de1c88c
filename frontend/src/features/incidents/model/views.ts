import { DEFAULT_STATE, type ListState } from '@/lib/search-params';
import { isPartOf, meaningOf, sameQuery } from './query';

export interface View {
  readonly id: string;
  readonly name: string;
  readonly state: Pick<ListState, 'q' | 'sort' | 'order'>;
}

const UNRESOLVED = DEFAULT_STATE.q;

function builtIn(id: string, name: string, q: string, sort = DEFAULT_STATE.sort): View {
  return { id, name, state: { q, sort, order: 'desc' } };
}

/** The tabs above the list. Mine needs a name before it can be asked for. */
export const VIEWS: readonly View[] = [
  builtIn('open', 'Open', UNRESOLVED),
  builtIn('mine', 'Mine', `${UNRESOLVED} owner:me`),
  builtIn('unassigned', 'Unassigned', `${UNRESOLVED} owner:none`),
  builtIn('sev1-2', 'SEV1–2', `${UNRESOLVED} sev:1,2`),
  builtIn('resolved', 'Resolved', 'status:resolved', 'updatedAt'),
  builtIn('all', 'All', '', 'createdAt'),
];

/** The list of a view, from its first page. */
export function stateOf({ state }: View): ListState {
  return { ...DEFAULT_STATE, ...state };
}

/**
 * The view that a list shows: the one with its query and order; else the narrowest of those that it narrows further,
 * which is the one with the most terms, all of them in the query.
 */
export function currentView(state: ListState, views: readonly View[]): View | null {
  const exact = views.find(
    (view) =>
      view.state.sort === state.sort &&
      view.state.order === state.order &&
      sameQuery(view.state.q, state.q),
  );
  if (exact) return exact;
  const sizeOf = (view: View) => meaningOf(view.state.q).size;
  return (
    views
      .filter((view) => isPartOf(view.state.q, state.q))
      .toSorted((a, b) => sizeOf(b) - sizeOf(a))[0] ?? null
  );
}
