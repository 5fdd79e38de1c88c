import { ApiError } from '@/api/problem';
import { formatCount } from '@/lib/numbers';
import { type Field, fieldsOf, isSame, pick } from './conflict';
import { listOf } from './history';
import { type Incident, type IncidentPatch, incidentKey } from './incident';

/*
 * Changes in words: "Resolve", "Resolved INC-42", "INC-42 was not assigned to Ana", "INC-42 is resolved already".
 */
interface Verb {
  readonly infinitive: string;
  readonly past: string;
  /** After the incident: " to SEV1". */
  readonly to: string;
  /** What the incident is after it. */
  readonly state: string;
}

const STATUS_VERBS = {
  OPEN: { infinitive: 'Reopen', past: 'Reopened', to: '', state: 'open' },
  MITIGATED: { infinitive: 'Mitigate', past: 'Mitigated', to: '', state: 'mitigated' },
  RESOLVED: { infinitive: 'Resolve', past: 'Resolved', to: '', state: 'resolved' },
} as const;

function verbOf(patch: IncidentPatch): Verb {
  const [field, ...others] = fieldsOf(patch);
  const { status, severity, owner, service } = patch;
  if (others.length === 0 && status) return STATUS_VERBS[status];
  if (others.length === 0 && severity) {
    return { infinitive: 'Set', past: 'Set', to: ` to ${severity}`, state: severity };
  }
  if (others.length === 0 && service) {
    return { infinitive: 'Move', past: 'Moved', to: ` to ${service}`, state: `in ${service}` };
  }
  if (others.length === 0 && field === 'owner') {
    if (!owner) return { infinitive: 'Unassign', past: 'Unassigned', to: '', state: 'unassigned' };
    const to = ` to ${owner}`;
    return { infinitive: 'Assign', past: 'Assigned', to, state: `assigned${to}` };
  }
  const what = field ? ` the ${listOf(fieldsOf(patch))} of` : '';
  return { infinitive: `Change${what}`, past: `Changed${what}`, to: '', state: 'so' };
}

/** "INC-42", or "12 incidents". */
export function subjectOf(incidents: readonly { number: number }[]): string {
  const [only, ...others] = incidents;
  return only && others.length === 0 ? incidentKey(only) : countOf(incidents.length);
}

export function countOf(count: number): string {
  return count === 1 ? '1 incident' : `${formatCount(count)} incidents`;
}

/** "Resolve 12 incidents" */
export function inInfinitive(patch: IncidentPatch, subject: string): string {
  const { infinitive, to } = verbOf(patch);
  return `${infinitive} ${subject}${to}`;
}

/** "Resolved INC-42" */
export function inPast(patch: IncidentPatch, subject: string): string {
  const { past, to } = verbOf(patch);
  return `${past} ${subject}${to}`;
}

function are(subject: string, tense: 'is' | 'was'): string {
  const many = { is: 'are', was: 'were' };
  return `${subject} ${subject.endsWith('incidents') ? many[tense] : tense}`;
}

/** "INC-42 was not resolved" */
export function notDone(patch: IncidentPatch, subject: string): string {
  const { past, to } = verbOf(patch);
  const what = past.charAt(0).toLowerCase() + past.slice(1);
  if (past.startsWith('Changed')) return `Not ${what} ${subject}`;
  return `${are(subject, 'was')} not ${what}${to}`;
}

/** "INC-42 is resolved already" */
export function alreadySo(patch: IncidentPatch, subject: string): string {
  return `${are(subject, 'is')} ${verbOf(patch).state} already`;
}

/** Whether the patch would change nothing of the incident. */
export function isSo(incident: Incident, patch: IncidentPatch): boolean {
  return fieldsOf(patch).every((field) => isSame(field, incident[field], patch[field]));
}

/** What takes the patch back. */
export function inverseOf(incident: Incident, patch: IncidentPatch): IncidentPatch {
  return pick(incident as IncidentPatch, fieldsOf(patch));
}

/** Without what a later change has set anew; null where nothing is left. */
export function without(patch: IncidentPatch, fields: readonly Field[]): IncidentPatch | null {
  const left = fieldsOf(patch).filter((field) => !fields.includes(field));
  return left.length > 0 ? pick(patch, left) : null;
}

/** Why a write did not succeed: what the server has against the field, when it named it. */
export function messageOf(error: unknown, patch: IncidentPatch): string {
  if (!(error instanceof ApiError)) return String(error);
  const own = Object.keys(patch).flatMap((field) => error.fields[field] ?? []);
  const others = Object.entries(error.fields).flatMap(
    ([field, list]) => `${field}: ${list.join(' ')}`,
  );
  return own.join(' ') || others.join(' ') || error.message;
}
