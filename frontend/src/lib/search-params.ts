import { decodeNames, encodeNames, type Name } from './csv';

/*
 * The one codec between the list's state and its URL. Reading tolerates anything a person may paste; writing is
 * canonical: the same state always gives the same text, and defaults are left out.
 */
export const SEVERITIES = ['SEV1', 'SEV2', 'SEV3', 'SEV4'] as const;
export const STATUSES = ['OPEN', 'MITIGATED', 'RESOLVED'] as const;
const SORT_KEYS = [
  'severity',
  'status',
  'title',
  'number',
  'service',
  'owner',
  'createdAt',
  'updatedAt',
] as const;
/** The API refuses a longer search. */
export const SEARCH_MAX = 200;
export const PER_PAGE = [25, 50, 100] as const;

export type Severity = (typeof SEVERITIES)[number];
export type Status = (typeof STATUSES)[number];
export type SortKey = (typeof SORT_KEYS)[number];
type Order = 'asc' | 'desc';

export interface ListState {
  readonly search: string;
  /** Empty means every severity; likewise below. */
  readonly severity: readonly Severity[];
  readonly status: readonly Status[];
  readonly service: readonly string[];
  /** null is "unassigned". */
  readonly owner: readonly Name[];
  readonly sort: SortKey;
  readonly order: Order;
  readonly page: number;
  readonly perPage: number;
}

/** What somebody on shift wants to see first: what is not resolved, the worst and oldest on top. */
export const DEFAULT_STATE: ListState = {
  search: '',
  severity: [],
  status: ['OPEN', 'MITIGATED'],
  service: [],
  owner: [],
  sort: 'severity',
  order: 'desc',
  page: 1,
  perPage: 50,
};

/** In the URL an absent status means the default, so "every status" needs a word. */
const EVERY_STATUS = 'all';

/** The known values that the text names, in their own order, whatever the order and case of the text. */
function pick<T extends string>(known: readonly T[], text: string | null): T[] {
  const wanted = new Set((text ?? '').split(',').map((part) => part.trim().toUpperCase()));
  const found = known.filter((value) => wanted.has(value.toUpperCase()));
  // All of them is the same as no filter.
  return found.length === known.length ? [] : found;
}

function readStatus(text: string | null): readonly Status[] {
  if (text === null) return DEFAULT_STATE.status;
  const named = STATUSES.filter((status) => text.toUpperCase().split(',').includes(status));
  if (named.length === STATUSES.length || text.toLowerCase() === EVERY_STATUS) return [];
  return named.length > 0 ? named : DEFAULT_STATE.status;
}

function readPage(text: string | null): number {
  const page = /^\d{1,7}$/.test(text ?? '') ? Number(text) : 1;
  return Math.max(1, page);
}

function sortNames(names: readonly Name[]): Name[] {
  return names.toSorted((a, b) => (a ?? '').localeCompare(b ?? '', 'en'));
}

export function parseListState(query: string | URLSearchParams): ListState {
  const params = new URLSearchParams(query);
  const perPage = Number(params.get('per_page'));
  return {
    search: (params.get('search') ?? '').trim().slice(0, SEARCH_MAX).trim(),
    severity: pick(SEVERITIES, params.get('severity')),
    status: readStatus(params.get('status')),
    service: sortNames(decodeNames(params.get('service') ?? '')).filter((name) => name !== null),
    owner: sortNames(decodeNames(params.get('owner') ?? '')),
    sort: SORT_KEYS.find((key) => key === params.get('sort_by')) ?? DEFAULT_STATE.sort,
    order: params.get('order') === 'asc' ? 'asc' : 'desc',
    page: readPage(params.get('page')),
    perPage: PER_PAGE.find((size) => size === perPage) ?? DEFAULT_STATE.perPage,
  };
}

/** "?severity=SEV1,SEV2&page=2", or "" for the default view. */
export function formatListState(state: ListState): string {
  const params = new URLSearchParams();
  const put = (name: string, value: string, standard: string) => {
    if (value !== standard) params.set(name, value);
  };
  put('search', state.search.trim(), '');
  put('severity', pick(SEVERITIES, state.severity.join(',')).join(','), '');
  const status = pick(STATUSES, state.status.join(',')).join(',') || EVERY_STATUS;
  put('status', status, DEFAULT_STATE.status.join(','));
  put('service', encodeNames(sortNames(state.service)), '');
  put('owner', encodeNames(sortNames(state.owner)), '');
  put('sort_by', state.sort, DEFAULT_STATE.sort);
  put('order', state.order, DEFAULT_STATE.order);
  put('page', String(state.page), String(DEFAULT_STATE.page));
  put('per_page', String(state.perPage), String(DEFAULT_STATE.perPage));
  // Commas are legal in a query and far easier to read.
  const text = params.toString().replaceAll('%2C', ',');
  return text === '' ? '' : `?${text}`;
}

/** The filters as the API wants them; a parameter that filters nothing is left out. */
export function apiFilters(state: ListState) {
  return {
    ...(state.search && { search: state.search }),
    ...(state.severity.length > 0 && { severity: [...state.severity] }),
    ...(state.status.length > 0 && { status: [...state.status] }),
    ...(state.service.length > 0 && { service: encodeNames(state.service) }),
    ...(state.owner.length > 0 && { owner: encodeNames(state.owner) }),
  };
}

/** What a list is filtered by, as text: the same in every order and on every page. */
export function filterText(state: ListState): string {
  const { sort, order, page, perPage } = DEFAULT_STATE;
  return formatListState({ ...state, sort, order, page, perPage });
}

/** A changed filter or order starts at page 1 again. */
export function withFilter(state: ListState, change: Partial<ListState>): ListState {
  return { ...state, page: 1, ...change };
}
