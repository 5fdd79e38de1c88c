import { SeverityBadge, StatusBadge } from '@/components/Badges';
import { revertVerb, sentencesOf } from '@/features/incidents/model/history';
import type { Incident, IncidentEvent } from '@/features/incidents/model/incident';
import { SEVERITIES, STATUSES } from '@/lib/search-params';

interface Props {
  event: IncidentEvent;
  incident: Incident;
  /** What it took back, when it is a revert whose change is known. */
  reverts?: IncidentEvent | null;
}

/** What an event did, in words: "changed the severity SEV3 → SEV1, assigned it to Ana". */
export function EventSentences({ event, incident, reverts = null }: Props) {
  return (
    <>
      {event.type === 'reverted' && `${revertVerb(event, reverts)}: `}
      {sentencesOf(event, incident).map(({ verb, from, to, note }, index) => (
        <span key={`${verb}${to ?? ''}`} className="sentence">
          {index > 0 && ', '}
          {verb}
          {from !== undefined && (
            <>
              {' '}
              <Value text={from} />
            </>
          )}
          {from !== undefined && to !== undefined && (
            <>
              {' '}
              <span aria-hidden="true">→</span> <span className="sr-only">to</span>
            </>
          )}
          {to !== undefined && (
            <>
              {' '}
              <Value text={to} />
            </>
          )}
          {note !== undefined && ` (${note})`}
        </span>
      ))}
    </>
  );
}

/** A value of a field, as a badge where it has one. */
export function Value({ text }: { text: string }) {
  const severity = SEVERITIES.find((one) => one === text);
  if (severity) return <SeverityBadge severity={severity} />;
  const status = STATUSES.find((one) => one === text);
  if (status) return <StatusBadge status={status} />;
  return <b dir="auto">{text}</b>;
}
