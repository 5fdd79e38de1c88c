import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { incident } from '@/testing/incidents';
import type { Incident } from './incident';
import {
  asksForMe,
  excludedOf,
  freeTextOf,
  isPartOf,
  isReadable,
  matches,
  readQuery,
  sameQuery,
  setValues,
  type Term,
  toggleValue,
  valuesOf,
  withoutEach,
  withoutField,
} from './query';

interface Case {
  q: string;
  me?: string;
  terms?: Array<Pick<Term, 'start' | 'end' | 'negated' | 'field'> & { values: unknown[] }>;
  mistakes?: Array<{ start: number; end: number }>;
}

interface Match {
  q: string;
  me?: string;
  now?: string;
  incident: Partial<Incident>;
  matches: boolean;
}

/** What the server is held to as well; places in the text are counted in code points there. */
const cases = JSON.parse(readFileSync('../backend/tests/incidents/query_cases.json', 'utf8')) as {
  queries: Case[];
  matches: Match[];
};

const inCodePoints = (text: string, at: number) => Array.from(text.slice(0, at)).length;

describe('what the server reads, the browser reads alike', () => {
  const understood = cases.queries.filter(({ terms }) => terms !== undefined);
  test.each(understood)('$q', ({ q, me, terms = [] }) => {
    const read = readQuery(q).map((term) => ({
      start: inCodePoints(q, term.start),
      end: inCodePoints(q, term.end),
      negated: term.negated,
      field: term.field,
      count: term.values.length,
    }));
    expect(read).toEqual(terms.map(({ values, ...term }) => ({ ...term, count: values.length })));
    expect(isReadable(q)).toBe(true);
    for (const [index, { field, values }] of terms.entries()) {
      // Times are compared by what they match, below.
      if (field === 'created' || field === 'updated') continue;
      const term = readQuery(q)[index] as Term;
      const own = term.values.map(({ text, quoted }) => {
        if (field === 'severity') return `SEV${text.slice(-1)}`;
        if (field === 'status') return text.toUpperCase();
        if (field === 'owner' && !quoted && text.toLowerCase() === 'none') return null;
        if (field === 'owner' && !quoted && text.toLowerCase() === 'me') return me;
        return field === null ? text : text.trim();
      });
      expect(own).toEqual(values);
    }
  });

  const mistaken = cases.queries.filter(({ mistakes }) => mistakes !== undefined);
  test.each(mistaken)('not $q', ({ q, me, mistakes = [] }) => {
    if (asksForMe(q) && me === undefined) return;
    expect(isReadable(q)).toBe(false);
    const excluded = readQuery(q).filter(({ negated, field }) => negated && field === null);
    if (Array.from(q).length > 500 || readQuery(q).length > 50 || excluded.length > 10) return;
    const unreadable = readQuery(q)
      .filter(({ readable }) => !readable)
      .map(({ start, end }) => [inCodePoints(q, start), inCodePoints(q, end)] as const);
    for (const { start, end } of mistakes) {
      expect(unreadable.some(([from, to]) => from <= start && end <= to)).toBe(true);
    }
  });

  test.each(cases.matches)('$q: $matches', ({ q, me = '', now, ...one }) => {
    const situation = { now: Date.parse(now ?? '2026-11-10T12:00:00Z'), me };
    expect(matches(incident(one.incident), q, situation)).toBe(one.matches);
  });
});

test('any text at all is read without an error, each character of it at most once', () => {
  let seed = 7;
  const next = (below: number) => {
    seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const PIECES = [
    'sev:',
    'owner:',
    '1',
    ',',
    '"',
    '\\',
    '-',
    ' ',
    '  ',
    'none',
    'a',
    '🔥',
    ':',
    '<2h',
    'created:',
  ];
  for (let round = 0; round < 3000; round += 1) {
    const q = Array.from({ length: next(12) }, () => PIECES[next(PIECES.length)]).join('');
    const terms = readQuery(q);
    const places = terms.flatMap(({ start, end }) => [start, end]);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    // What lies between the terms is blank.
    const rest = [0, ...places, q.length];
    for (let at = 0; at < rest.length; at += 2) {
      expect(q.slice(rest[at], rest[at + 1]).trim()).toBe('');
    }
    // Whatever stands there, a chip that is pressed is pressed, and takes nothing else away.
    const pressed = setValues(q, 'severity', ['1', '3']);
    expect({ q, values: valuesOf(pressed, 'severity') }).toEqual({ q, values: ['1', '3'] });
    expect({ q, others: withoutField(pressed, 'severity').trim() }).toEqual({
      q,
      others: withoutField(q, 'severity').trim(),
    });
    expect(valuesOf(setValues(pressed, 'severity', []), 'severity')).toEqual([]);
  }
});

describe('chips', () => {
  test.each([
    ['', 'severity', '1', 'sev:1'],
    ['status:open,mitigated', 'severity', '2', 'status:open,mitigated sev:2'],
    ['sev:2', 'severity', '1', 'sev:1,2'],
    ['SEVERITY:SEV2  disk', 'severity', '1', 'SEVERITY:1,2  disk'],
    ['disk  sev:1 full', 'severity', '1', 'disk full'],
    ['sev:1  "a  b"', 'severity', '1', '"a  b"'],
    // All of them at once restrict nothing.
    ['sev:1,2,3 x', 'severity', '4', 'x'],
    ['status:open,mitigated', 'status', 'resolved', ''],
    // Several terms of a field become one, with what they leave together.
    ['sev:1,2 x -sev:2', 'severity', '3', 'sev:1,3 x'],
    ['-sev:1', 'severity', '2', 'sev:3,4'],
    ['-sev:1', 'severity', '1', ''],
    // A term that cannot be read gives way to one that can.
    ['sev:9 x', 'severity', '1', 'sev:1 x'],
    ['sev: x', 'severity', '1', 'sev:1 x'],
    ['owner:none', 'owner', '"Doe, Jane"', 'owner:none,"Doe, Jane"'],
    ['owner:None,"Doe, Jane"', 'owner', 'none', 'owner:"Doe, Jane"'],
    ['owner:me', 'owner', 'Ana', 'owner:me,Ana'],
    // What is excluded stays so, but for what is asked for now.
    ['-service:batch', 'service', 'ledger', '-service:batch service:ledger'],
    ['-service:batch,ledger', 'service', 'ledger', '-service:batch service:ledger'],
    ['-service:batch x', 'service', 'batch', 'x service:batch'],
    ['service:a -service:b', 'service', 'a', '-service:b'],
    // What is added is never swallowed by a quote that was not closed.
    ['disk "full', 'severity', '1', 'sev:1 disk "full'],
  ] as const)('%s, %s %s pressed: %s', (q, field, value, expected) => {
    expect(toggleValue(q, field, value)).toBe(expected);
  });

  test('show what the text leaves', () => {
    expect(valuesOf('-sev:1', 'severity')).toEqual(['2', '3', '4']);
    expect(valuesOf('sev:1,2 sev:2,3', 'severity')).toEqual(['2']);
    expect(valuesOf('STATUS:Resolved', 'status')).toEqual(['resolved']);
    expect(valuesOf('-service:a', 'service')).toEqual([]);
    expect(excludedOf('-service:a,"b c"', 'service')).toEqual(['a', '"b c"']);
    expect(valuesOf('owner:NONE,Me,"none"', 'owner')).toEqual(['none', 'me', '"none"']);
  });

  test('words and phrases are told from terms', () => {
    const q = 'disk sev:1  -"no space" foo:1';
    expect(freeTextOf(q)).toBe('disk -"no space"');
    expect(withoutField(q, null)).toBe('sev:1 foo:1');
  });
});

test('each term can be left out, with the blanks before it', () => {
  expect(withoutEach('sev:1  -"no space" disk')).toEqual([
    { term: 'sev:1', rest: '-"no space" disk' },
    { term: '-"no space"', rest: 'sev:1 disk' },
    { term: 'disk', rest: 'sev:1  -"no space"' },
  ]);
});

test('owner:me is whoever asks, and owner:"me" somebody of that name', () => {
  const mine = incident({ owner: 'Ana' });
  expect(matches(mine, 'owner:ME', { now: 0, me: 'Ana' })).toBe(true);
  expect(matches(mine, 'owner:"me"', { now: 0, me: 'Ana' })).toBe(false);
  expect(asksForMe('x owner:Bob,Me')).toBe(true);
  expect(asksForMe('owner:"me" service:me me')).toBe(false);
});

test('two queries are the same whatever their order and way of writing', () => {
  expect(sameQuery('status:open,mitigated sev:1', 'SEVERITY:SEV1  STATUS:Mitigated,OPEN')).toBe(
    true,
  );
  expect(sameQuery('owner:none', 'owner:"none"')).toBe(false);
  expect(sameQuery('a', '-a')).toBe(false);
  expect(sameQuery('a', '"A"')).toBe(true);
  expect(isPartOf('status:open', 'x status:open')).toBe(true);
  expect(isPartOf('', 'x')).toBe(true);
  expect(isPartOf('status:open,mitigated', 'status:open')).toBe(false);
});
