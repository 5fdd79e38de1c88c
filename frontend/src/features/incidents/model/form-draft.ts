import { keptKeyFor, settleKept } from '@/lib/idempotency';
import { SEVERITIES, type Severity, STATUSES, type Status } from '@/lib/search-params';
import { readStored, writeStored } from '@/lib/storage';
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

const KEY = 'draft:new';
const ATTEMPT = 'draft:new:attempt';

/** What was being written when the page was left, or an empty form. Anything unreadable counts as nothing. */
export function readDraft(): FormValues {
  try {
    const stored: unknown = JSON.parse(readStored(KEY) ?? '{}');
    const draft = Object.fromEntries(Object.entries(stored ?? {}));
    const text = (name: string) => (typeof draft[name] === 'string' ? draft[name] : '');
    return {
      title: text('title'),
      service: text('service'),
      severity: SEVERITIES.find((one) => one === draft.severity) ?? null,
      status: STATUSES.find((one) => one === draft.status) ?? 'OPEN',
      owner: text('owner'),
      summary: text('summary'),
    };
  } catch {
    return EMPTY_FORM;
  }
}

export function isEmptyForm(values: FormValues): boolean {
  return JSON.stringify(values) === JSON.stringify(EMPTY_FORM);
}

export function keepDraft(values: FormValues): void {
  writeStored(KEY, isEmptyForm(values) ? null : JSON.stringify(values));
  if (isEmptyForm(values)) settleKept(ATTEMPT);
}

/** The idempotency key for sending this: the same until the draft is gone, even after a reload. */
export function draftKey(draft: IncidentDraft): string {
  return keptKeyFor(ATTEMPT, JSON.stringify(draft));
}
