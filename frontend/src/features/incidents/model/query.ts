import { nameText } from '@/lib/query-text';
import { SEVERITIES, STATUSES } from '@/lib/search-params';
import { type Incident, incidentKey } from './incident';

/*
 * The query language of the list, as the server reads it: `sev:1,2 status:open owner:none created:<2h -service:batch
 * "exact words" INC-42`. Terms stand between blanks, and all of them must hold. The server has the last word about what
 * is a mistake; here a text is never refused, but what cannot be read is marked.
 */
export type Field = 'severity' | 'status' | 'service' | 'owner' | 'created' | 'updated';

const FIELDS: Readonly<Record<string, Field>> = {
  sev: 'severity',
  severity: 'severity',
  status: 'status',
  service: 'service',
  owner: 'owner',
  created: 'created',
  updated: 'updated',
};

/** How a term is begun that did not exist before. */
const PREFIX: Readonly<Record<Field, string>> = {
  severity: 'sev:',
  status: 'status:',
  service: 'service:',
  owner: 'owner:',
  created: 'created:',
  updated: 'updated:',
};

/** What lies between two places of the text, counted in UTF-16 units. */
interface Span {
  readonly start: number;
  readonly end: number;
}

interface Value extends Span {
  /** Without its quotes. */
  readonly text: string;
  readonly quoted: boolean;
}

export interface Term extends Span {
  readonly negated: boolean;
  /** As typed, with its colon; empty for a word or a phrase. */
  readonly prefix: string;
  /** Null for a word or a phrase, and for what is no field. */
  readonly field: Field | null;
  /** One for a word or a phrase, at least one for a field. */
  readonly values: readonly Value[];
  /** False where the server would refuse it. */
  readonly readable: boolean;
}

const VALUE = /"((?:[^"\\]|\\.)*)("?)|[^\s,]*/suy;

function valueAt(text: string, start: number): { value: Value; closed: boolean } {
  VALUE.lastIndex = start;
  const [whole, inside, close] = VALUE.exec(text) ?? [''];
  const quoted = inside !== undefined;
  return {
    value: {
      start,
      end: start + whole.length,
      text: quoted ? inside.replaceAll(/\\(["\\])/g, '$1') : whole,
      quoted,
    },
    closed: !quoted || close === '"',
  };
}

function termAt(text: string, start: number): Term {
  const negated = text[start] === '-';
  const from = negated ? start + 1 : start;
  const prefix = /^[a-z]+:/i.exec(text.slice(from, from + 40))?.[0] ?? '';
  const field = FIELDS[prefix.slice(0, -1).toLowerCase()] ?? null;
  const values: Value[] = [];
  let readable = prefix === '' || field !== null;
  let end = from + prefix.length;
  for (;;) {
    const { value, closed } = valueAt(text, end);
    // A comma belongs to a word, and parts the values of a field.
    if (prefix === '' && !value.quoted) {
      const word = /^\S*/.exec(text.slice(end))?.[0] ?? '';
      values.push({ ...value, text: word, end: end + word.length });
    } else {
      values.push(value);
    }
    end = values.at(-1)?.end ?? end;
    readable &&= closed && value.text.trim() !== '';
    if (prefix === '' || text[end] !== ',') break;
    end += 1;
  }
  const rest = /^\S*/.exec(text.slice(end))?.[0] ?? '';
  readable &&= rest === '' && (field === null || values.every((value) => isKnown(field, value)));
  return { start, end: end + rest.length, negated, prefix, field, values, readable };
}

/** The terms of a text, in their order. */
export function readQuery(text: string): Term[] {
  const terms: Term[] = [];
  const blank = /\s*/y;
  for (let at = 0; ; at = terms.at(-1)?.end ?? text.length) {
    blank.lastIndex = at;
    blank.exec(text);
    if (blank.lastIndex >= text.length) return terms;
    terms.push(termAt(text, blank.lastIndex));
  }
}

/** Whether all of it can be read. */
export function isReadable(text: string): boolean {
  return readQuery(text).every(({ readable }) => readable);
}

function severityOf(text: string): string | undefined {
  return SEVERITIES.find((one) => one === text.toUpperCase() || one === `SEV${text}`);
}

function statusOf(text: string): string | undefined {
  return STATUSES.find((one) => one === text.toUpperCase());
}

function isKnown(field: Field, { text, quoted }: Value): boolean {
  if (field === 'severity') return severityOf(text) !== undefined;
  if (field === 'status') return statusOf(text) !== undefined;
  if (field === 'created' || field === 'updated') return !quoted && timeRange(text, 0) !== null;
  return true;
}

// ---- Times

const UNITS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** From the first time to before the second, in milliseconds. */
type Range = readonly [number, number];

/** The moments that a date or a time names: a whole day of UTC, or one millisecond. */
function moments(text: string): Range | null {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/i.test(text);
  const at = isDay || isTime ? Date.parse(text.toUpperCase()) : Number.NaN;
  if (Number.isNaN(at)) return null;
  // "2026-02-30" is no day, though some engines roll it over.
  if (isDay && new Date(at).toISOString().slice(0, 10) !== text) return null;
  return [at, isDay ? at + 86_400_000 : at + 1];
}

/** What `created:` and `updated:` may say, or null for anything else. */
function timeRange(text: string, now: number): Range | null {
  const [, sign = '', rest = ''] = /^([<>]=?)?(.*)$/s.exec(text) ?? [];
  const [, count, unit = ''] = /^(\d{1,6})([mhdw])$/i.exec(rest) ?? [];
  if (count !== undefined) {
    const then = now - Number(count) * (UNITS[unit.toLowerCase()] ?? 0);
    if (sign === '<') return [then, Infinity];
    return sign === '>' ? [-Infinity, then] : null;
  }
  const [first = '', last] = sign === '' ? rest.split('..') : [rest];
  const from = moments(first);
  const to = last === undefined ? from : moments(last);
  if (from === null || to === null) return null;
  if (sign === '>=') return [from[0], Infinity];
  if (sign === '>') return [from[1], Infinity];
  if (sign === '<') return [-Infinity, from[0]];
  return sign === '<=' ? [-Infinity, from[1]] : [from[0], to[1]];
}

// ---- Which incidents

interface Situation {
  /** In milliseconds. */
  readonly now: number;
  /** The name that `owner:me` stands for; empty where nobody said it. */
  readonly me: string;
}

function holds(term: Term, incident: Incident, { now, me }: Situation): boolean {
  const { field, values } = term;
  return values.some(({ text, quoted }) => {
    const word = quoted ? '' : text.toLowerCase();
    if (field === 'severity') return severityOf(text) === incident.severity;
    if (field === 'status') return statusOf(text) === incident.status;
    if (field === 'service') return text === incident.service;
    if (field === 'owner') {
      if (word === 'none') return incident.owner === null;
      return incident.owner === (word === 'me' ? me : text);
    }
    if (field === null) {
      const { title, service, owner } = incident;
      const wanted = text.toLowerCase();
      return (
        wanted === incidentKey(incident).toLowerCase() ||
        [title, service, owner].some((part) => part?.toLowerCase().includes(wanted))
      );
    }
    const range = timeRange(text, now);
    const at = Date.parse(field === 'created' ? incident.createdAt : incident.updatedAt);
    return range !== null && range[0] <= at && at < range[1];
  });
}

/** Whether the server would list an incident. What cannot be read restricts nothing: the server lists nothing by it. */
export function matches(incident: Incident, text: string, situation: Situation): boolean {
  return readQuery(text).every(
    (term) => !term.readable || holds(term, incident, situation) !== term.negated,
  );
}

/** Whether its answer depends on who asks. */
export function asksForMe(text: string): boolean {
  return readQuery(text).some(
    ({ field, values }) =>
      field === 'owner' && values.some((value) => !value.quoted && /^me$/i.test(value.text)),
  );
}

// ---- Chips: the values of one field, and the text around them as it was typed

/** A value as it is written: "1", "open", "ledger", "none", `"Doe, Jane"`. */
function written(field: Field, { text, quoted }: Value): string {
  if (field === 'severity') return severityOf(text)?.slice(3) ?? text;
  if (field === 'status') return text.toLowerCase();
  if (field === 'owner' && !quoted && /^(none|me)$/i.test(text)) return text.toLowerCase();
  return nameText(text);
}

const ALL_VALUES: Partial<Record<Field, readonly string[]>> = {
  severity: SEVERITIES.map((severity) => severity.slice(3)),
  status: STATUSES.map((status) => status.toLowerCase()),
};

function termsOf(text: string, field: Field): Term[] {
  return readQuery(text).filter((term) => term.field === field);
}

/**
 * The values that a field may have, as they are written; none means that it is not restricted so. Of severity and
 * status these are what all terms of the field leave (`-sev:1` leaves 2, 3 and 4), of names those that are asked for.
 */
export function valuesOf(text: string, field: Field): string[] {
  const terms = termsOf(text, field);
  const all = ALL_VALUES[field];
  const asked = terms.filter(({ negated }) => !negated);
  if (terms.length === 0 || (all === undefined && asked.length === 0)) return [];
  const named = asked
    .flatMap(({ values }) => values.filter((value) => value.text !== ''))
    .map((value) => written(field, value));
  return [...new Set(all ?? named)].filter((value) =>
    terms.every(
      (term) => term.values.some((one) => written(field, one) === value) !== term.negated,
    ),
  );
}

/** The names that a field must not have, as they are written. */
export function excludedOf(text: string, field: Field): string[] {
  return termsOf(text, field)
    .filter(({ negated }) => negated)
    .flatMap(({ values }) => values.map((value) => written(field, value)));
}

/** The text with some of its terms written otherwise; what is empty goes, with the blanks before it. */
function rewritten(text: string, changes: ReadonlyMap<Term, string>): string {
  let result = text;
  for (const [{ start, end }, now] of [...changes].toReversed()) {
    const before = result.slice(0, start);
    const after = result.slice(end);
    if (now !== '') result = before + now + after;
    else result = before.trimEnd() === '' ? after.trimStart() : before.trimEnd() + after;
  }
  return result;
}

function added(text: string, term: string): string {
  if (text.trim() === '') return term;
  // After a quote that was never closed it would be a part of that.
  const last = readQuery(text).at(-1)?.values.at(-1);
  if (last?.quoted && valueAt(text, last.start).closed === false) return `${term} ${text}`;
  return `${text.trimEnd()} ${term}`;
}

/** The text in which a field may have these values, as they are written; any, where there is none. */
export function setValues(text: string, field: Field, values: readonly string[]): string {
  const all = ALL_VALUES[field];
  const chosen = all ? all.filter((value) => values.includes(value)) : [...new Set(values)];
  // All of them at once restrict nothing.
  const now = chosen.length === all?.length ? '' : chosen.join(',');
  const changes = new Map<Term, string>();
  // What is excluded of names stays so, but for what is asked for now. The first of the others is written anew.
  const kept = (term: Term) => all === undefined && term.negated;
  const terms = termsOf(text, field);
  const place =
    terms.find((term) => !kept(term) && !term.negated) ?? terms.find((one) => !kept(one));
  for (const term of terms) {
    if (term === place) {
      changes.set(term, now && term.prefix + now);
    } else if (kept(term)) {
      const rest = term.values
        .map((value) => written(field, value))
        .filter((value) => !chosen.includes(value));
      if (rest.length < term.values.length) {
        changes.set(term, rest.length > 0 ? `-${term.prefix}${rest.join(',')}` : '');
      }
    } else {
      changes.set(term, '');
    }
  }
  const result = rewritten(text, changes);
  return place || now === '' ? result : added(result, PREFIX[field] + now);
}

export function toggleValue(text: string, field: Field, value: string): string {
  const values = valuesOf(text, field);
  const without = values.filter((one) => one !== value);
  return setValues(text, field, without.length < values.length ? without : [...values, value]);
}

/** The text without the terms of a field; of null, without its words and phrases. */
export function withoutField(text: string, field: Field | null): string {
  const gone = readQuery(text).filter((term) =>
    field === null ? term.prefix === '' : term.field === field,
  );
  return rewritten(text, new Map(gone.map((term) => [term, ''])));
}

/** Its words and phrases, as they are typed. */
export function freeTextOf(text: string): string {
  return readQuery(text)
    .filter(({ prefix }) => prefix === '')
    .map(({ start, end }) => text.slice(start, end))
    .join(' ');
}

// ---- Comparing

function meaning({ negated, field, prefix, values }: Term): string {
  const names = values.map((value) =>
    field === null ? JSON.stringify(value.text.toLowerCase()) : written(field, value),
  );
  const sorted = [...new Set(names)].toSorted();
  return `${negated ? '-' : ''}${field ?? prefix}:${sorted.join(',')}`;
}

/** What is asked for, term by term, whatever the order and the way of writing. */
export function meaningOf(text: string): Set<string> {
  return new Set(readQuery(text).map(meaning));
}

export function sameQuery(one: string, other: string): boolean {
  return meaningOf(one).size === meaningOf(other).size && isPartOf(one, other);
}

/** Whether all that one asks for is asked for by the other, too. */
export function isPartOf(one: string, other: string): boolean {
  const terms = meaningOf(other);
  return [...meaningOf(one)].every((term) => terms.has(term));
}
