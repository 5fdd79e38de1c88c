import { decodeNames } from './csv';
import { homePath } from './home';
import { nameText, wordText } from './query-text';

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
/** The API refuses a longer query. */
export const QUERY_MAX = 500;
export const PER_PAGE = [25, 50, 100] as const;
/** Rows of 30, 36 and 44 px; list.css knows the numbers. */
export const DENSITIES = ['compact', 'standard', 'comfortable'] as const;

export type Severity = (typeof SEVERITIES)[number];
export type Status = (typeof STATUSES)[number];
export type SortKey = (typeof SORT_KEYS)[number];
type Order = 'asc' | 'desc';
export type Density = (typeof DENSITIES)[number];

export interface ListState {
  /** What is asked for, in the query language: see features/incidents/model/query.ts. Empty means everything. */
  readonly q: string;
  readonly sort: SortKey;
  readonly order: Order;
  readonly page: number;
  readonly perPage: number;
  /** Null for what the person has chosen for all lists. */
  readonly density: Density | null;
}

/** What somebody on shift wants to see first: what is not resolved, the worst and oldest on top. */
export const DEFAULT_STATE: ListState = {
  q: 'status:open,mitigated',
  sort: 'severity',
  order: 'desc',
  page: 1,
  perPage: 50,
  density: null,
};

/** The same as a URL that leads there, whatever `/` leads to. */
const DEFAULT_SEARCH = `?q=${DEFAULT_STATE.q}`;

/** URLs had a parameter for each field before they had the query language, and links of that time are still about. */
const OLD_PARAMETERS = ['search', 'severity', 'status', 'service', 'owner'];

/** The known values that the text names. All of them, or none, restrict nothing. */
function pick(known: readonly string[], text: string): string[] {
  const wanted = new Set(text.split(',').map((part) => part.trim().toUpperCase()));
  const found = known.filter((value) => wanted.has(value));
  return found.length === known.length ? [] : found;
}

function queryOfOld(params: URLSearchParams): string {
  const valuesOf = (name: string) => params.get(name) ?? '';
  const term = (prefix: string, values: readonly string[]) =>
    values.length > 0 ? [`${prefix}:${values.join(',')}`] : [];
  const status = pick(STATUSES, valuesOf('status')).map((value) => value.toLowerCase());
  // Every status needed a word, since none meant the default. What could not be read counted as absent.
  const everyStatus = /^(all|(?=.*open)(?=.*mitigated)(?=.*resolved).*)$/i.test(valuesOf('status'));
  const severity = pick(SEVERITIES, valuesOf('severity')).map((value) => value.slice(3));
  const services = decodeNames(valuesOf('service')).flatMap((name) => name ?? []);
  return [
    ...(status.length > 0 || everyStatus ? term('status', status) : [DEFAULT_STATE.q]),
    ...term('sev', severity),
    ...term('service', services.map(nameText)),
    ...term('owner', decodeNames(valuesOf('owner')).map(nameText)),
    ...valuesOf('search').split(/\s+/).filter(Boolean).map(wordText),
  ].join(' ');
}

function readText(params: URLSearchParams): string {
  const q = params.get('q');
  if (q !== null) return q.trim();
  return OLD_PARAMETERS.some((name) => params.has(name)) ? queryOfOld(params) : DEFAULT_STATE.q;
}

function readPage(text: string | null): number {
  const page = /^\d{1,7}$/.test(text ?? '') ? Number(text) : 1;
  return Math.max(1, page);
}

export function parseListState(query: string | URLSearchParams): ListState {
  const params = new URLSearchParams(query);
  const perPage = Number(params.get('per_page'));
  return {
    q: readText(params),
    sort: SORT_KEYS.find((key) => key === params.get('sort_by')) ?? DEFAULT_STATE.sort,
    order: params.get('order') === 'asc' ? 'asc' : 'desc',
    page: readPage(params.get('page')),
    perPage: PER_PAGE.find((size) => size === perPage) ?? DEFAULT_STATE.perPage,
    density: DENSITIES.find((density) => density === params.get('density')) ?? null,
  };
}

/** "?q=sev:1,2&page=2", or "" where `/` leads there. */
export function formatListState(state: ListState): string {
  const text = searchOf(state);
  return text === '' && homePath() !== '/' ? DEFAULT_SEARCH : text;
}

/** For a link that means the same for everybody, whatever `/` leads them to. */
export function sharedSearch(state: ListState): string {
  return searchOf(state) || DEFAULT_SEARCH;
}

function searchOf(state: ListState): string {
  const params = new URLSearchParams();
  const put = (name: string, value: string, standard: string) => {
    if (value !== standard) params.set(name, value);
  };
  put('q', state.q.trim(), DEFAULT_STATE.q);
  put('sort_by', state.sort, DEFAULT_STATE.sort);
  put('order', state.order, DEFAULT_STATE.order);
  put('page', String(state.page), String(DEFAULT_STATE.page));
  put('per_page', String(state.perPage), String(DEFAULT_STATE.perPage));
  put('density', state.density ?? '', '');
  // Commas and colons are legal in a query and far easier to read.
  const text = params.toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
  return text === '' ? '' : `?${text}`;
}

/** The filter as the API wants it; one that filters nothing is left out. */
export function apiFilters({ q }: Pick<ListState, 'q'>): { q?: string } {
  return q === '' ? {} : { q };
}

/** A changed filter or order starts at page 1 again. */
export function withFilter(state: ListState, change: Partial<ListState>): ListState {
  return { ...state, page: 1, ...change };
}
