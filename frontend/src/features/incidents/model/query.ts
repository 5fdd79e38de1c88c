import { NAME_MAX } from '@/lib/display-name';
import { nameText } from '@/lib/query-text';
import { QUERY_MAX, SEVERITIES, STATUSES } from '@/lib/search-params';
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

const TERMS_MAX = 50;
const EXCLUDED_MAX = 10;

/** What lies between two places of the text, counted in UTF-16 units. */
interface Span {
  readonly start: number;
  readonly end: number;
}

interface Value extends Span {
  /** Without its quotes. */
  readonly text: string;
  readonly quoted: boolean;
  /** False where there is none, or a quote that is wrong. */
  readonly readable: boolean;
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

// A blank is what Python and JavaScript both take for one.
const GAP = /[^\S\v\f\ufeff]*/y;
const WORD = /[\S\v\f\ufeff]*/y;
const PLAIN = /[^\s,]*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/suy;
const PREFIXED = /[a-z]+:/iy;
// oxlint-disable-next-line no-control-regex -- These are what the server refuses.
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/;

/** What a pattern finds just here; empty where it finds nothing. */
function found(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

/** The value that begins here, and where what belongs to it ends. */
function valueAt(text: string, start: number, plain: RegExp): { value: Value; after: number } {
  if (text[start] !== '"') {
    const word = found(plain, text, start);
    const end = start + word.length;
    return { value: { start, end, text: word, quoted: false, readable: word !== '' }, after: end };
  }
  const whole = found(QUOTED, text, start);
  // A quote that is not closed reaches to the end.
  const end = whole === '' ? text.length : start + whole.length;
  const inside = text.slice(start + 1, whole === '' ? end : end - 1).replaceAll(/\\(["\\])/g, '$1');
  const after = end + found(plain, text, end).length;
  const readable = whole !== '' && inside !== '' && after === end;
  return { value: { start, end, text: inside, quoted: true, readable }, after };
}

function termAt(text: string, start: number): Term {
  // A dash alone is a word.
  const negated = text[start] === '-' && found(WORD, text, start + 1) !== '';
  let end = negated ? start + 1 : start;
  const prefix = found(PREFIXED, text, end);
  const field = FIELDS[prefix.slice(0, -1).toLowerCase()] ?? null;
  end += prefix.length;
  const values: Value[] = [];
  for (;;) {
    const { value, after } = valueAt(text, end, prefix === '' ? WORD : PLAIN);
    values.push(value);
    end = after;
    if (prefix === '' || text[end] !== ',') break;
    end += 1;
  }
  const readable =
    (prefix === '' || field !== null) &&
    !CONTROL.test(text.slice(start, end)) &&
    !values.some((value) => /[\t\r\n]/.test(prefix === '' ? value.text : value.text.trim())) &&
    values.every((value) => value.readable && (field === null || isKnown(field, value.text))) &&
    (values.length === 1 || !isTime(field));
  return { start, end, negated, prefix, field, values, readable };
}

/** The terms of a text, in their order. */
export function readQuery(text: string): Term[] {
  const terms: Term[] = [];
  for (let at = 0; ; ) {
    at += found(GAP, text, at).length;
    if (at >= text.length) return terms;
    const term = termAt(text, at);
    terms.push(term);
    at = term.end;
  }
}

/** The term that is being written at a place of the text. */
export function termAround(text: string, at: number): Term | undefined {
  return readQuery(text).find(({ start, end }) => start < at && at <= end);
}

/** Whether all of it can be read. */
export function isReadable(text: string): boolean {
  const terms = readQuery(text);
  return (
    Array.from(text).length <= QUERY_MAX &&
    terms.length <= TERMS_MAX &&
    terms.filter(({ negated, field }) => negated && field === null).length <= EXCLUDED_MAX &&
    terms.every(({ readable }) => readable)
  );
}

function severityOf(text: string): string | undefined {
  return SEVERITIES.find((one) => one.toLowerCase() === text.toLowerCase() || one === `SEV${text}`);
}

function statusOf(text: string): string | undefined {
  return STATUSES.find((one) => one.toLowerCase() === text.toLowerCase());
}

function isTime(field: Field | null): boolean {
  return field === 'created' || field === 'updated';
}

function isKnown(field: Field, text: string): boolean {
  if (field === 'severity') return severityOf(text) !== undefined;
  if (field === 'status') return statusOf(text) !== undefined;
  if (isTime(field)) return timeRange(text, Date.now()) !== null;
  const { length } = Array.from(text.trim());
  return length > 0 && length <= NAME_MAX;
}

// ---- Times

const DAY = 86_400_000;
const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: DAY, w: 7 * DAY };
/** The 1st of January of the year 1, where the server's calendar begins. */
const BEGINNING = -62_135_596_800_000;

/** From the first time to before the second, in milliseconds. */
type Range = readonly [number, number];

const AGE = /^([<>])=?(\d{1,9})([mhdw])$/i;
const MOMENT = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))?$/i;

/** The moments that a date names, a whole day of UTC, or a time does; null for anything else. */
function moments(text: string): Range | null {
  const [, day = '', time] = MOMENT.exec(text) ?? [];
  const midnight = Date.parse(day);
  // "2026-02-30" is no day, though browsers take it for the 2nd of March.
  const exists = midnight >= BEGINNING && new Date(midnight).toISOString().startsWith(day);
  const at = Date.parse(text.toUpperCase());
  if (!exists || Number.isNaN(at)) return null;
  return [at, time === undefined ? at + DAY : at + 1];
}

/** What `created:` and `updated:` may say, or null for anything else. */
function timeRange(text: string, now: number): Range | null {
  const [, way, count, unit = ''] = AGE.exec(text) ?? [];
  if (way !== undefined) {
    const then = now - Number(count) * (UNITS[unit.toLowerCase()] ?? 0);
    if (then < BEGINNING) return null;
    return way === '<' ? [then, Infinity] : [-Infinity, then];
  }
  const [, sign = '', rest = ''] = /^([<>]=?)?(.*)$/s.exec(text) ?? [];
  const [first = '', last = first, ...more] = sign === '' ? rest.split('..') : [rest];
  const [from, to] = [moments(first), moments(last)];
  if (from === null || to === null || more.length > 0) return null;
  if (sign === '>=') return [from[0], Infinity];
  if (sign === '>') return [from[1], Infinity];
  if (sign === '<') return [-Infinity, from[0]];
  if (sign === '<=') return [-Infinity, from[1]];
  // A span is made of whole days.
  const areDays = first.length === 10 && last.length === 10 && from[0] <= to[0];
  return areDays ? [from[0], to[1]] : null;
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
    if (field === 'service') return text.trim() === incident.service;
    if (field === 'owner') {
      if (word === 'none') return incident.owner === null;
      return incident.owner === (word === 'me' ? me : text.trim());
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
  return nameText(text.trim());
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
  if (last?.quoted && !last.readable) return `${term} ${text}`;
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

/** Each of its terms as it is typed, with the text that is left without it. */
export function withoutEach(text: string): { term: string; rest: string }[] {
  return readQuery(text).map((term) => ({
    term: text.slice(term.start, term.end),
    rest: rewritten(text, new Map([[term, '']])),
  }));
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
