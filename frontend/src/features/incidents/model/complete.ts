import type { Suggestion } from '@/components/ui/OptionList';
import { nameText } from '@/lib/query-text';
import { type Field, termAround } from './query';

/** What is being written at the caret, and can be completed. */
export interface Slot {
  /** Null where the name of a field can stand. */
  readonly field: Field | null;
  /** As far as the caret, without quotes. */
  readonly typed: string;
  /** What a choice takes the place of. */
  readonly start: number;
  readonly end: number;
  /** What the term says besides, as it is written. */
  readonly others: readonly string[];
}

/** Its value is what is written into the text. */
export type Option = Readonly<Suggestion>;

/** What can be completed at a place of the text, or null where nothing can: in a phrase, or in an unknown field. */
export function slotAt(text: string, caret: number): Slot | null {
  const term = termAround(text, caret);
  if (term === undefined) {
    return { field: null, typed: '', start: caret, end: caret, others: [] };
  }
  if (term.prefix === '') {
    const [word] = term.values;
    if (!word || word.quoted || caret < word.start) return null;
    const typed = text.slice(word.start, caret);
    return { field: null, typed, start: word.start, end: word.end, others: [] };
  }
  const value = term.values.find(({ start, end }) => start <= caret && caret <= end);
  if (term.field === null || value === undefined) return null;
  const typed = text.slice(value.start, caret).replace(/^"/, '').replace(/"$/, '');
  const others = term.values
    .filter((one) => one !== value)
    .map(({ start, end }) => text.slice(start, end));
  return { field: term.field, typed, start: value.start, end: value.end, others };
}

const FIELD_OPTIONS: readonly Option[] = [
  { value: 'sev:', hint: '1, 2, 3, 4' },
  { value: 'status:', hint: 'open, mitigated, resolved' },
  { value: 'service:', hint: 'a service' },
  { value: 'owner:', hint: 'a name, me, none' },
  { value: 'created:', hint: '<2h, >7d, a date' },
  { value: 'updated:', hint: '<2h, >7d, a date' },
];

const AGES: readonly Option[] = [
  { value: '<1h', hint: 'within the last hour' },
  { value: '<24h', hint: 'within the last day' },
  { value: '<7d', hint: 'within the last week' },
  { value: '>24h', hint: 'longer than a day ago' },
  { value: '>7d', hint: 'longer than a week ago' },
];

const UNITS = [
  ['m', 'minutes'],
  ['h', 'hours'],
  ['d', 'days'],
  ['w', 'weeks'],
] as const;

function timesFor(typed: string, now: number): Option[] {
  const [, way, count] = /^([<>])(\d{1,9})$/.exec(typed) ?? [];
  if (way !== undefined) {
    const tells = way === '<' ? 'within the last' : 'longer ago than';
    return UNITS.map(([unit, name]) => ({
      value: `${way}${count}${unit}`,
      hint: `${tells} ${count} ${name}`,
    }));
  }
  const today = new Date(now).toISOString().slice(0, 10);
  return [
    ...AGES,
    { value: today, hint: 'today, in UTC' },
    { value: `>=${today}`, hint: 'since then' },
  ];
}

/** A name of the data, or a value that a field always has. */
export interface Known extends Option {
  readonly field: Field;
}

export function knownName(field: Field, name: string, note?: string): Known {
  return { field, value: nameText(name), label: name, ...(note && { note }) };
}

const SHOWN = 8;

/** What is offered for a slot; what begins as typed comes first, and what is there already is left out. */
export function optionsFor(
  slot: Slot,
  text: string,
  known: readonly Known[],
  now: number,
): Option[] {
  const { field, start, end, others } = slot;
  const typed = slot.typed.toLowerCase();
  const there = text.slice(start, end);
  const isTime = field === 'created' || field === 'updated';
  const all: readonly Option[] =
    field === null
      ? FIELD_OPTIONS
      : isTime
        ? timesFor(typed, now)
        : known.filter((one) => one.field === field);
  const nameOf = (option: Option) => (option.label ?? option.value).toLowerCase();
  const isName = field === 'service' || field === 'owner';
  const fits = all.filter((option) => {
    if (option.value === there || others.includes(option.value)) return false;
    // "sev:sev1" is written by some.
    if (field === 'severity')
      return `sev${option.value}`.startsWith(typed) || option.value === typed;
    return isName ? nameOf(option).includes(typed) : nameOf(option).startsWith(typed);
  });
  // Of what is typed in full, the longer ones are not offered again and again.
  if (!isName && all.some((option) => option.value === there)) return [];
  return fits
    .toSorted((a, b) => Number(nameOf(b).startsWith(typed)) - Number(nameOf(a).startsWith(typed)))
    .slice(0, SHOWN);
}

/** Whether something was written that asks for it: the names of fields are not offered for nothing. */
export function isBegun({ field, typed }: Slot): boolean {
  return field !== null || typed !== '';
}

/** The text with a choice made, and where the caret is then. */
export function accepted(text: string, { start, end }: Slot, option: Option): [string, number] {
  const before = text.slice(0, start) + option.value;
  return [before + text.slice(end), before.length];
}
