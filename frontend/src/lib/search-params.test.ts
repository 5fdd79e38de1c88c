import { describe, expect, test } from 'vitest';
import {
  apiFilters,
  DEFAULT_STATE,
  DENSITIES,
  formatListState,
  type ListState,
  PER_PAGE,
  parseListState,
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
  return { one };
}

const QUERIES = [
  '',
  'status:open,mitigated',
  'sev:1,2 owner:"Doe, Jane",none',
  'created:<2h  -service:batch',
  '"exact words" INC-42 100% a+b x=1&y=2',
  'ü 漢字 😀 "\\"quoted\\""',
  '"never closed',
];

function randomState(seed: number): ListState {
  const { one } = generator(seed);
  return {
    q: one(QUERIES),
    sort: one(['severity', 'title', 'createdAt', 'updatedAt', 'owner', 'number'] as const),
    order: one(['asc', 'desc'] as const),
    page: one([1, 2, 17]),
    perPage: one(PER_PAGE),
    density: one([null, ...DENSITIES]),
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
    expect(formatListState({ ...DEFAULT_STATE, q: 'sev:1,2 owner:none', page: 2 })).toBe(
      '?q=sev:1,2+owner:none&page=2',
    );
  });

  test('everything is a query of its own: an empty one', () => {
    expect(formatListState({ ...DEFAULT_STATE, q: '' })).toBe('?q=');
    expect(parseListState('?q=').q).toBe('');
    expect(parseListState('?q=++').q).toBe('');
  });

  test.each([
    '?page=-3&per_page=7&sort_by=rank&order=up&nonsense=1',
    '?page=1e9&page=4&status=&service=,,&owner=""',
    '?status=gone&page=0&severity=SEV9,',
  ])('what cannot be read counts as absent: %s', (query) => {
    expect(parseListState(query)).toEqual(DEFAULT_STATE);
  });

  test.each([
    ['?severity=sev2,SEV1', 'status:open,mitigated sev:1,2'],
    ['?status=all', ''],
    ['?status=open,mitigated,resolved&severity=SEV1,SEV2,SEV3,SEV4', ''],
    ['?status=RESOLVED&search=disk+full', 'status:resolved disk full'],
    ['?status=all&service=ledger,"a, b"', 'service:ledger,"a, b"'],
    ['?status=all&owner=none,"none",Doe', 'owner:none,"none",Doe'],
    ['?status=all&owner="the ""new"" one",me', 'owner:"the \\"new\\" one","me"'],
    // Words that the language would read as something else.
    ['?status=all&search=-x sev:1 10:42 "y z\\', '"-x" "sev:1" 10:42 "\\"y" z\\'],
    ['?q=disk&severity=SEV1', 'disk'],
  ])('a link from before the query language is still understood: %s', (query, q) => {
    expect(parseListState(query)).toEqual({ ...DEFAULT_STATE, q });
  });

  test('a changed filter goes back to page 1', () => {
    const state = { ...DEFAULT_STATE, page: 4 };
    expect(withFilter(state, { q: 'x' }).page).toBe(1);
    expect(withFilter(state, { page: 5 }).page).toBe(5);
  });
});

test('the API gets the query, and none where it asks for everything', () => {
  expect(apiFilters(DEFAULT_STATE)).toEqual({ q: 'status:open,mitigated' });
  expect(apiFilters({ q: '' })).toEqual({});
});
