import { TimeAgo } from '@/components/TimeAgo';
import { afterOpening } from '@/features/incidents/model/history';
import type { Incident, IncidentEvent } from '@/features/incidents/model/incident';
import { formatLocal } from '@/lib/time';

/** When something happened: by the clock, from now, and from the start of the incident. */
export function When({ event, incident }: { event: IncidentEvent; incident: Incident }) {
  const after = afterOpening(event, incident);
  return (
    <>
      <TimeAgo at={event.at} label="On" ago />
      {' · '}
      {formatLocal(event.at)}
      {after && ` · ${after}`}
    </>
  );
}
