import { keptKeyFor, newKey, settleKept } from '@/lib/idempotency';
import { SEVERITIES, type Severity, STATUSES, type Status } from '@/lib/search-params';
import { ofPerson } from '@/lib/session';
import { readStored, storedNames, writeStored } from '@/lib/storage';
import type { IncidentDraft } from './incident';

export interface FormValues {
  title: string;
  service: string;
  severity: Severity | null;
  status: Status;
  owner: string;
  summary: string;
}

export const EMPTY_FORM: FormValues = {
  title: '',
  service: '',
  severity: null,
  status: 'OPEN',
  owner: '',
  summary: '',
};

/*
 * Every tab keeps a draft of its own, so that none can wipe another's. What a tab that is gone has left is offered to
 * the others. A tab has its name for as long as it lives, reloads included.
 */
const draftsName = () => ofPerson('draft:new:');
const attemptsName = () => ofPerson('attempt:new:');
const TAB = 'draftTab';
const settledName = () => ofPerson('draftSettled');

/** For where storage is forbidden. */
const memory = new Map<string, string>();

function ofThisTab(key: string): string | null {
  try {
    return sessionStorage.getItem(key) ?? memory.get(key) ?? null;
  } catch {
    return memory.get(key) ?? null;
  }
}

function keepInThisTab(key: string, value: string | null): void {
  memory.delete(key);
  try {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, value);
  } catch {
    if (value !== null) memory.set(key, value);
  }
}

function ownName(): string {
  const known = ofThisTab(TAB);
  if (known !== null) return known;
  const name = newKey();
  keepInThisTab(TAB, name);
  return name;
}

/** What a stored text holds; an empty form for anything unreadable. `at` is when it was written, in milliseconds. */
function parse(stored: string | null): { values: FormValues; at: number } {
  try {
    const draft = Object.fromEntries(Object.entries(JSON.parse(stored ?? '{}') ?? {}));
    const text = (name: string) => (typeof draft[name] === 'string' ? draft[name] : '');
    const values = {
      title: text('title'),
      service: text('service'),
      severity: SEVERITIES.find((one) => one === draft.severity) ?? null,
      status: STATUSES.find((one) => one === draft.status) ?? 'OPEN',
      owner: text('owner'),
      summary: text('summary'),
    };
    return { values, at: typeof draft.at === 'number' ? draft.at : 0 };
  } catch {
    return { values: EMPTY_FORM, at: 0 };
  }
}

/**
 * What this tab was writing, or an empty form.
 *
 * @param back whether the person comes back to the form: then also what was found to be reported already.
 */
export function readDraft(back: boolean): FormValues {
  const { values } = parse(readStored(draftsName() + ownName()));
  return isEmptyForm(values) && back ? parse(ofThisTab(settledName())).values : values;
}

export function isEmptyForm(values: FormValues): boolean {
  return JSON.stringify(values) === JSON.stringify(EMPTY_FORM);
}

export function keepDraft(values: FormValues): void {
  keepInThisTab(settledName(), null);
  if (isEmptyForm(values)) dropDraft(ownName());
  else writeStored(draftsName() + ownName(), JSON.stringify({ ...values, at: Date.now() }));
}

export function dropDraft(name: string): void {
  writeStored(draftsName() + name, null);
  settleKept(attemptsName() + name);
}

/** It was reported already: the next form is empty, but who comes back finds what was written. */
export function settleDraft(values: FormValues): void {
  keepDraft(EMPTY_FORM);
  keepInThisTab(settledName(), JSON.stringify(values));
}

export interface OtherDraft {
  readonly name: string;
  readonly values: FormValues;
  /** When it was written, in milliseconds. */
  readonly at: number;
}

/** What other tabs write, or left behind, newest first. */
export function otherDrafts(): OtherDraft[] {
  return storedNames(draftsName())
    .map((key) => {
      const { values, at } = parse(readStored(key));
      return { name: key.slice(draftsName().length), values, at };
    })
    .filter(({ name, values }) => name !== ownName() && !isEmptyForm(values))
    .toSorted((one, other) => other.at - one.at);
}

/** Goes on with another draft. The tab's own stays behind for as long as nobody throws it away. */
export function continueDraft(name: string): FormValues {
  keepInThisTab(TAB, name);
  return readDraft(false);
}

/**
 * Looks after a form in use; returns how to stop. Two tabs can come to write the same draft: a browser duplicates a tab
 * with its name, and a draft that is continued may still be open elsewhere. When the other one writes or throws away,
 * this one goes on under a new name, with all that it shows.
 */
export function guardDraft(current: () => FormValues): () => void {
  function onStorage({ key }: StorageEvent) {
    const name = ownName();
    if (key !== draftsName() + name) return;
    const attempt = readStored(attemptsName() + name);
    keepInThisTab(TAB, newKey());
    keepDraft(current());
    // What may have been made under the old key is not to be made again.
    if (attempt !== null) writeStored(attemptsName() + ownName(), attempt);
  }
  window.addEventListener('storage', onStorage);
  return () => window.removeEventListener('storage', onStorage);
}

/** The idempotency key for sending this: the same until the draft is gone, even after a reload. */
export function draftKey(draft: IncidentDraft): string {
  return keptKeyFor(attemptsName() + ownName(), JSON.stringify(draft));
}
