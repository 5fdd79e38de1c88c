import { useQuery } from '@tanstack/react-query';
import { TimeAgo } from '@/components/TimeAgo';
import { ErrorPanel } from '@/components/ui/ErrorPanel';
import { eventsQuery } from '@/features/incidents/api/queries';
import { afterOpening } from '@/features/incidents/model/history';
import type { Incident } from '@/features/incidents/model/incident';
import { formatLocal } from '@/lib/time';
import { EventSentences } from './EventSentences';

/** Everything that happened, oldest first, as sentences. */
export function History({ incident }: { incident: Incident }) {
  const { data: events, error, refetch } = useQuery(eventsQuery(incident.id));
  return (
    <section className="panel" aria-labelledby="history-title">
      <h2 id="history-title">History</h2>
      {error && !events && (
        <ErrorPanel
          title="The history could not be loaded"
          error={error}
          onRetry={() => void refetch()}
        />
      )}
      <ol className="history">
        {events?.map((event) => {
          const after = afterOpening(event, incident);
          return (
            <li key={event.id}>
              <p>
                <strong dir="auto">{event.actor}</strong>{' '}
                <EventSentences event={event} incident={incident} />
              </p>
              <p className="meta">
                <TimeAgo at={event.at} label="On" ago />
                {' · '}
                {formatLocal(event.at)}
                {after && ` · ${after}`}
              </p>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
