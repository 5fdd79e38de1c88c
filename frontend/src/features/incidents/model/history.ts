import type { ApiError } from '@/api/problem';
import { formatAge, formatDuration, formatLocal, formatLocalSeconds } from '@/lib/time';
import { type Incident, type IncidentEvent, incidentKey } from './incident';

/** One sentence of the history, in pieces so that the values can be set off. */
export interface Sentence {
  readonly verb: string;
  readonly from?: string;
  readonly to?: string;
  /** Said after the values: "15m earlier". */
  readonly note?: string;
}

const FIELD_NAMES: Record<string, string> = {
  title: 'title',
  service: 'service',
  severity: 'severity',
  status: 'status',
  owner: 'owner',
  summary: 'summary',
  startedAt: 'start time',
  mitigatedAt: 'mitigation time',
  resolvedAt: 'resolution time',
};

/** A field in the words of the history: "start time". */
export function fieldName(field: string): string {
  return FIELD_NAMES[field] ?? field;
}

/** "title, owner and start time" */
export function listOf(fields: readonly string[]): string {
  return new Intl.ListFormat('en-GB', { type: 'conjunction' }).format(fields.map(fieldName));
}

/** A value as people read it; what is not there is "none". */
export function valueInWords(field: string, value: unknown): string {
  if (value === null || value === undefined || value === '') return 'none';
  if (field.endsWith('At') && typeof value === 'string') return formatLocal(value);
  return String(value);
}

/** From one value to another; times that differ by less than they show are told to the second. */
function step(field: string, from: unknown, to: unknown): Omit<Sentence, 'verb'> {
  const values = { from: valueInWords(field, from), to: valueInWords(field, to) };
  if (!field.endsWith('At') || typeof from !== 'string' || typeof to !== 'string') return values;
  const later = Date.parse(to) - Date.parse(from);
  const note = `${formatDuration(Math.abs(later))} ${later > 0 ? 'later' : 'earlier'}`;
  if (values.from !== values.to) return { ...values, note };
  return { from: formatLocalSeconds(from), to: formatLocalSeconds(to), note };
}

function sentence(field: string, from: unknown, to: unknown, actor: string): Sentence {
  const name = field in FIELD_NAMES ? `the ${fieldName(field)}` : field;
  if (field === 'summary') {
    const verb = from === null ? 'wrote' : to === null ? 'removed' : 'edited';
    return { verb: `${verb} ${name}` };
  }
  if (field === 'owner' && to === actor) return { verb: 'took it on' };
  if (field === 'owner' && to === null) {
    return { verb: 'unassigned', from: valueInWords(field, from) };
  }
  if (field === 'owner') return { verb: 'assigned it to', to: valueInWords(field, to) };
  if (field === 'status' && to === 'OPEN') return { verb: 'reopened it' };
  if (field === 'status') return { verb: 'marked it', to: valueInWords(field, to) };
  if (from === null || from === undefined) {
    return { verb: `set ${name} to`, to: valueInWords(field, to) };
  }
  if (to === null) return { verb: `cleared ${name}`, from: valueInWords(field, from) };
  return { verb: `changed ${name}`, ...step(field, from, to) };
}

/** What went back: of a long text only that it did. */
function restored(field: string, from: unknown, to: unknown): Sentence {
  const verb = fieldName(field);
  return field === 'summary' ? { verb } : { verb, ...step(field, from, to) };
}

/** The times that the server stamps at a transition say nothing beside the transition itself. */
function isStamp(field: string, changes: IncidentEvent['changes']): boolean {
  return 'status' in changes && (field === 'mitigatedAt' || field === 'resolvedAt');
}

function toldChanges({ changes }: Pick<IncidentEvent, 'changes'>): [string, unknown, unknown][] {
  return Object.entries(changes)
    .filter(([field]) => field !== 'version' && field !== 'updatedAt' && !isStamp(field, changes))
    .map(([field, [from, to]]) => [field, from, to]);
}

/** What an event did, ready to be read aloud after the actor's name. */
export function sentencesOf(event: IncidentEvent, incident: Incident): Sentence[] {
  if (event.type === 'created') return [{ verb: `opened ${incidentKey(incident)}` }];
  if (event.type === 'commented') return [{ verb: 'commented' }];
  return toldChanges(event).map(([field, from, to]) =>
    event.type === 'reverted' ? restored(field, from, to) : sentence(field, from, to, event.actor),
  );
}

/** "12m after it started"; nothing for the opening itself. */
export function afterOpening(event: IncidentEvent, incident: Incident): string | null {
  const span = Date.parse(event.at) - Date.parse(incident.startedAt);
  if (event.type === 'created' || span < 1000) return null;
  return `${formatDuration(span)} after it started`;
}

/** One change of this incident, with what became of it. */
export interface Entry {
  readonly changeId: string;
  /** Usually one. */
  readonly events: readonly IncidentEvent[];
  /** What it took back, when it is a revert whose change is known. */
  readonly reverts: IncidentEvent | null;
  /** Who took it back later, if anybody did. */
  readonly revertedBy: IncidentEvent | null;
}

/** The history by change, in its order: what was done at once is told at once. */
export function entriesOf(events: readonly IncidentEvent[]): Entry[] {
  const changes = new Map<string, IncidentEvent[]>();
  const revertOf = new Map<string, IncidentEvent>();
  for (const event of events) {
    changes.set(event.changeId, [...(changes.get(event.changeId) ?? []), event]);
    if (event.revertsChangeId !== null) revertOf.set(event.revertsChangeId, event);
  }
  return [...changes].map(([changeId, own]) => ({
    changeId,
    events: own,
    reverts: changes.get(own[0]?.revertsChangeId ?? '')?.[0] ?? null,
    revertedBy: revertOf.get(changeId) ?? null,
  }));
}

/** Whether Undo makes sense: it changed fields, and nobody has taken it back yet. */
export function isRevertible({ events, revertedBy }: Entry): boolean {
  return (
    revertedBy === null && events.every(({ type }) => type === 'updated' || type === 'reverted')
  );
}

/** "undid Bo’s change", "undid their own undo": how the entry of a revert begins. */
export function revertVerb(event: IncidentEvent, reverts: IncidentEvent | null): string {
  if (reverts === null) return 'undid an earlier change';
  const whose = reverts.actor === event.actor ? 'their own' : `${reverts.actor}’s`;
  return `undid ${whose} ${reverts.type === 'reverted' ? 'undo' : 'change'}`;
}

const CONFLICTS_SHOWN = 3;

/**
 * Why a change could not be taken back, in words: who changed what since.
 *
 * @param here the incident that the words are read beside, which they need not name.
 */
export function conflictsInWords(error: ApiError, here: Pick<Incident, 'id'> | null): string[] {
  const { conflicts } = error;
  if (conflicts.length === 0) return [error.message];
  const shown = conflicts.slice(0, CONFLICTS_SHOWN).map(({ id, number, fields, actor, at }) => {
    const where = id === here?.id ? '' : `${incidentKey({ number })}: `;
    if (actor === null || at === null) {
      return `${where}The times would be out of order: ${listOf(fields)}.`;
    }
    const age = formatAge(Date.now() - Date.parse(at));
    const when = age === 'now' ? 'just now' : `${age} ago`;
    return `${where}${actor} has changed the ${listOf(fields)} since (${when}).`;
  });
  const rest = conflicts.length - shown.length;
  return rest > 0 ? [...shown, `And ${rest} more incidents.`] : shown;
}
