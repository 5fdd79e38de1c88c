import { SeverityBadge, StatusBadge } from '@/components/Badges';
import { sentencesOf } from '@/features/incidents/model/history';
import type { Incident, IncidentEvent } from '@/features/incidents/model/incident';
import { SEVERITIES, STATUSES } from '@/lib/search-params';

/** What an event did, in words: "changed the severity SEV3 → SEV1, assigned it to Ana". */
export function EventSentences({ event, incident }: { event: IncidentEvent; incident: Incident }) {
  return sentencesOf(event, incident).map(({ verb, from, to }, index) => (
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
          <span aria-hidden="true"> →</span>
          <span className="sr-only"> to</span>
        </>
      )}
      {to !== undefined && (
        <>
          {' '}
          <Value text={to} />
        </>
      )}
    </span>
  ));
}

function Value({ text }: { text: string }) {
  const severity = SEVERITIES.find((one) => one === text);
  if (severity) return <SeverityBadge severity={severity} />;
  const status = STATUSES.find((one) => one === text);
  if (status) return <StatusBadge status={status} />;
  return <b dir="auto">{text}</b>;
}
