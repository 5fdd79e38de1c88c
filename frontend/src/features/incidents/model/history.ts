import { formatDuration, formatLocal } from '@/lib/time';
import { type Incident, type IncidentEvent, incidentKey } from './incident';

/** One sentence of the history, in pieces so that the values can be set off. */
export interface Sentence {
  readonly verb: string;
  readonly from?: string;
  readonly to?: string;
}

const FIELD_NAMES: Record<string, string> = {
  title: 'the title',
  service: 'the service',
  severity: 'the severity',
  status: 'the status',
  owner: 'the owner',
  summary: 'the summary',
  startedAt: 'the start time',
  mitigatedAt: 'the mitigation time',
  resolvedAt: 'the resolution time',
};

function show(field: string, value: unknown): string {
  if (value === null || value === undefined) return 'none';
  if (field.endsWith('At') && typeof value === 'string') return formatLocal(value);
  return String(value);
}

/** A field and a value in the words of the history: "the start time", "4 Mar 2025, 14:00". */
export function inWords(field: string, value: unknown): { name: string; text: string } {
  return { name: FIELD_NAMES[field] ?? field, text: show(field, value) };
}

function sentence(field: string, from: unknown, to: unknown, actor: string): Sentence {
  const { name } = inWords(field, to);
  if (field === 'summary') {
    return {
      verb:
        from === null
          ? 'wrote the summary'
          : to === null
            ? 'removed the summary'
            : 'edited the summary',
    };
  }
  if (field === 'owner' && to === actor) return { verb: 'took it on' };
  if (field === 'owner' && to === null) return { verb: 'unassigned', from: show(field, from) };
  if (field === 'owner') return { verb: 'assigned it to', to: show(field, to) };
  if (field === 'status' && to === 'OPEN') return { verb: 'reopened it' };
  if (field === 'status') return { verb: 'marked it', to: show(field, to) };
  if (from === null || from === undefined) return { verb: `set ${name} to`, to: show(field, to) };
  if (to === null) return { verb: `cleared ${name}`, from: show(field, from) };
  return { verb: `changed ${name}`, from: show(field, from), to: show(field, to) };
}

/** The times that the server stamps at a transition say nothing beside the transition itself. */
function isStamp(field: string, changes: IncidentEvent['changes']): boolean {
  return 'status' in changes && (field === 'mitigatedAt' || field === 'resolvedAt');
}

/** What an event did, ready to be read aloud after the actor's name. */
export function sentencesOf(event: IncidentEvent, incident: Incident): Sentence[] {
  if (event.type === 'created') return [{ verb: `opened ${incidentKey(incident)}` }];
  return Object.entries(event.changes)
    .filter(
      ([field]) => field !== 'version' && field !== 'updatedAt' && !isStamp(field, event.changes),
    )
    .map(([field, [from, to]]) => sentence(field, from, to, event.actor));
}

/** "12m after opening"; nothing for the opening itself. */
export function afterOpening(event: IncidentEvent, incident: Incident): string | null {
  const span = Date.parse(event.at) - Date.parse(incident.startedAt);
  if (event.type === 'created' || span < 1000) return null;
  return `${formatDuration(span)} after it started`;
}
