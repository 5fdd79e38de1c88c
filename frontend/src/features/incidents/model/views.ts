import { DEFAULT_STATE, formatListState, type ListState } from '@/lib/search-params';

interface View {
  readonly name: string;
  readonly state: ListState;
}

/** The tabs above the list. Mine needs a name: without one it has no filter to offer. */
export function viewsFor(displayName: string): Array<View | { name: 'Mine'; state: null }> {
  const base = DEFAULT_STATE;
  return [
    { name: 'Open', state: base },
    displayName
      ? { name: 'Mine', state: { ...base, owner: [displayName] } }
      : { name: 'Mine', state: null },
    { name: 'Unassigned', state: { ...base, owner: [null] } },
    { name: 'SEV1–2', state: { ...base, severity: ['SEV1', 'SEV2'] } },
    { name: 'Resolved', state: { ...base, status: ['RESOLVED'], sort: 'updatedAt' } },
    { name: 'All', state: { ...base, status: [], sort: 'createdAt' } },
  ];
}

/** Two states show the same view when they agree on what a view is made of; search, service and order are free. */
export function sameView(a: ListState, b: ListState): boolean {
  const essence = (state: ListState) =>
    formatListState({
      ...DEFAULT_STATE,
      severity: state.severity,
      status: state.status,
      owner: state.owner,
    });
  return essence(a) === essence(b);
}
