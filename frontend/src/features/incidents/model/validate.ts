import { formatLocalSeconds } from '@/lib/time';
import type { Incident, IncidentDraft } from './incident';

export const LIMITS = {
  title: 255,
  titleMin: 3,
  service: 120,
  owner: 120,
  summary: 20_000,
  comment: 20_000,
} as const;

type Field = 'title' | 'service' | 'severity' | 'status' | 'owner' | 'summary';
export type FieldMessages = Partial<Record<Field, string>>;

/** In the order of the form: the first bad one gets the focus. */
export const FIELD_ORDER: readonly Field[] = [
  'title',
  'service',
  'severity',
  'owner',
  'status',
  'summary',
];

/** The server counts characters, not UTF-16 units, and counts after trimming. */
function lengthOf(text: string): number {
  return Array.from(text.trim()).length;
}

type TextField = 'title' | 'service' | 'owner' | 'summary' | 'comment';

/** The message for one text field, or null. The server checks the same again. */
export function checkText(field: TextField, text: string): string | null {
  const length = lengthOf(text);
  if (field === 'title' && length < LIMITS.titleMin) {
    return length === 0 ? 'Say what is broken.' : `At least ${LIMITS.titleMin} characters.`;
  }
  if (field === 'service' && length === 0) return 'Name the service that is affected.';
  const limit = LIMITS[field];
  return length > limit ? `At most ${limit} characters; these are ${length}.` : null;
}

export type TimeField = 'startedAt' | 'mitigatedAt' | 'resolvedAt';

const TIME_ORDER: ReadonlyArray<[field: TimeField, noun: string]> = [
  ['startedAt', 'start'],
  ['mitigatedAt', 'mitigation'],
  ['resolvedAt', 'resolution'],
];

/**
 * The message for a corrected time that the incident's other times do not allow, or null. Whether it lies in the
 * future is for the server's clock to say.
 */
export function checkTime(field: TimeField, at: string, incident: Incident): string | null {
  const own = TIME_ORDER.findIndex(([name]) => name === field);
  for (const [index, [name, noun]] of TIME_ORDER.entries()) {
    const other = incident[name];
    if (other === null || index === own) continue;
    const later = Date.parse(at) - Date.parse(other);
    if (index < own && later < 0) return `Before the ${noun}, ${formatLocalSeconds(other)}.`;
    if (index > own && later > 0) return `After the ${noun}, ${formatLocalSeconds(other)}.`;
  }
  return null;
}

/** What is wrong with a draft, field by field; empty when it can be sent. */
export function checkDraft(draft: {
  title: string;
  service: string;
  severity: IncidentDraft['severity'] | null;
  owner: string;
  summary: string;
}): FieldMessages {
  const messages: FieldMessages = {};
  for (const field of ['title', 'service', 'owner', 'summary'] as const) {
    const message = checkText(field, draft[field]);
    if (message !== null) messages[field] = message;
  }
  if (draft.severity === null) messages.severity = 'Choose how bad it is.';
  return messages;
}
