import { describe, expect, test } from 'vitest';
import {
  apiFilters,
  DEFAULT_STATE,
  formatListState,
  type ListState,
  PER_PAGE,
  parseListState,
  SEVERITIES,
  STATUSES,
  withFilter,
} from './search-params';

/** A small generator with a seed, so that a failure can be repeated. */
function generator(seed: number) {
  let state = seed;
  const next = () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
  const one = <T>(from: readonly T[]) => from[Math.floor(next() * from.length)] as T;
  const some = <T>(from: readonly T[]) => from.filter(() => next() < 0.4);
  return { one, some };
}

const NAMES = [
  'ledger',
  'Doe, Jane',
  'the "new" api',
  'none',
  'NONE',
  'a&b=c',
  'ü 漢字',
  '100%',
  'a+b',
  "O'Neil",
];

function randomState(seed: number): ListState {
  const { one, some } = generator(seed);
  const all = <T>(list: T[], whole: readonly T[]) => (list.length === whole.length ? [] : list);
  return {
    search: one(['', 'disk full', '100%', 'a,b', '"quoted"', 'INC-42', 'x=1&y=2']),
    severity: all(some(SEVERITIES), SEVERITIES),
    status: all(some(STATUSES), STATUSES),
    service: some(NAMES).toSorted((a, b) => a.localeCompare(b, 'en')),
    owner: some([...NAMES, null]).toSorted((a, b) => (a ?? '').localeCompare(b ?? '', 'en')),
    sort: one(['severity', 'title', 'createdAt', 'updatedAt', 'owner', 'number'] as const),
    order: one(['asc', 'desc'] as const),
    page: one([1, 2, 17]),
    perPage: one(PER_PAGE),
  };
}

describe('the URL of the list', () => {
  test('any state survives the way there and back, and its text is canonical', () => {
    for (let seed = 1; seed <= 500; seed += 1) {
      const state = randomState(seed);
      const text = formatListState(state);
      expect({ text, state: parseListState(text) }).toEqual({ text, state });
      expect(formatListState(parseListState(text))).toBe(text);
    }
  });

  test('defaults are left out', () => {
    expect(formatListState(DEFAULT_STATE)).toBe('');
    expect(parseListState('')).toEqual(DEFAULT_STATE);
    expect(formatListState({ ...DEFAULT_STATE, severity: ['SEV2', 'SEV1'], page: 2 })).toBe(
      '?severity=SEV1,SEV2&page=2',
    );
  });

  test('every status needs a word, since no word means the default', () => {
    expect(formatListState({ ...DEFAULT_STATE, status: [] })).toBe('?status=all');
    expect(parseListState('?status=open,mitigated,resolved').status).toEqual([]);
  });

  test.each([
    '?severity=SEV9,,sev1&page=-3&per_page=7&sort_by=rank&order=up&nonsense=1',
    '?severity=SEV1&page=1e9&page=4&status=&service=,,&owner=""',
    '?severity=sev1&status=gone&page=0',
  ])('what cannot be read counts as absent: %s', (query) => {
    expect(parseListState(query)).toEqual({ ...DEFAULT_STATE, severity: ['SEV1'] });
  });

  test('the same filters in another order have the same URL', () => {
    const canonical = (query: string) => formatListState(parseListState(query));
    expect(canonical('?service=b,a&severity=SEV2,SEV1')).toBe(
      canonical('?severity=SEV1,SEV2&service=a,b'),
    );
  });

  test('a search that is too long for the API is cut, not refused', () => {
    expect(parseListState(`?search=${'y'.repeat(500)}`).search).toHaveLength(200);
  });

  test('a changed filter goes back to page 1', () => {
    const state = { ...DEFAULT_STATE, page: 4 };
    expect(withFilter(state, { search: 'x' }).page).toBe(1);
    expect(withFilter(state, { page: 5 }).page).toBe(5);
  });
});

describe('the filters for the API', () => {
  test('what filters nothing is left out: the API refuses an empty parameter', () => {
    expect(apiFilters({ ...DEFAULT_STATE, status: [] })).toEqual({});
  });

  test('names are quoted where they must be; nobody and somebody called none differ', () => {
    expect(
      apiFilters({ ...DEFAULT_STATE, owner: ['Doe, Jane', 'none', null], status: [] }),
    ).toEqual({
      owner: '"Doe, Jane","none",none',
    });
  });
});
