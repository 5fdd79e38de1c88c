import { useQuery } from '@tanstack/react-query';
import { type MouseEvent, useMemo } from 'react';
import { MarkdownText } from '@/components/MarkdownEditor';
import { TimeAgo } from '@/components/TimeAgo';
import { eventsQuery } from '@/features/incidents/api/queries';
import { EVENTS_FRESH_MS } from '@/features/incidents/api/usePrefetchedEvents';
import { EventSentences } from '@/features/incidents/components/detail/EventSentences';
import { type Entry, entriesOf } from '@/features/incidents/model/history';
import { type Incident, incidentPath } from '@/features/incidents/model/incident';
import { useDebounce } from '@/hooks/useDebounce';

/** A key that is held down repeats more often than that, so only where it stops is anything asked for. */
export const REST_MS = 80;
/** The text is scrolled by itself, so it has to be reachable by keyboard. */
const REACHABLE = 0;
/** So many fit below the summary. */
const SHOWN = 5;

interface Props {
  incident: Incident;
  /** Opens the page of the incident. */
  onOpen: (event: MouseEvent) => void;
}

/** The summary, and the newest of the history, newest first. */
export function PeekBody({ incident, onOpen }: Props) {
  const rested = useDebounce(incident.id, REST_MS) === incident.id;
  const {
    data: events,
    error,
    refetch,
  } = useQuery({
    ...eventsQuery(incident.id),
    enabled: rested,
    staleTime: EVENTS_FRESH_MS,
  });
  const entries = useMemo(() => entriesOf(events ?? []), [events]);
  const latest = entries.slice(-SHOWN).toReversed();

  return (
    <>
      <section className="peek-summary" aria-labelledby="peek-summary">
        <h3 id="peek-summary">Summary</h3>
        <div className="peek-text" tabIndex={REACHABLE} role="group" aria-labelledby="peek-summary">
          {incident.summary ? (
            <MarkdownText text={incident.summary} />
          ) : (
            <p className="none">Nobody has written one yet.</p>
          )}
        </div>
      </section>
      <section className="peek-latest" aria-labelledby="peek-latest">
        <h3 id="peek-latest">Latest</h3>
        {entries.length > SHOWN && (
          <a className="link" href={incidentPath(incident)} onClick={onOpen}>
            All {entries.length}
            <span className="sr-only"> in the timeline</span>
          </a>
        )}
        {events && (
          <ol>
            {latest.map((entry) => (
              <LatestEntry key={entry.changeId} entry={entry} incident={incident} />
            ))}
          </ol>
        )}
        {!events && error && (
          <p className="note bad" role="alert">
            The timeline could not be loaded. {error.message}{' '}
            <button type="button" className="link" onClick={() => void refetch()}>
              Retry
            </button>
          </p>
        )}
        {!events && !error && (
          <div className="skeletons" role="status" aria-label="Loading the timeline">
            <div className="skeleton h-3 w-2/3" />
            <div className="skeleton h-3 w-1/2" />
            <div className="skeleton h-3 w-3/5" />
          </div>
        )}
      </section>
    </>
  );
}

function LatestEntry({ entry, incident }: { entry: Entry; incident: Incident }) {
  const { events, reverts, revertedBy } = entry;
  const [first] = events;
  if (!first) return null;
  return (
    <li>
      <p>
        <strong dir="auto">{first.actor}</strong>{' '}
        {first.type === 'commented' ? (
          <q dir="auto">{first.comment}</q>
        ) : (
          events.map((event) => (
            <EventSentences key={event.id} event={event} incident={incident} reverts={reverts} />
          ))
        )}
        {revertedBy && (
          <>
            , undone by <span dir="auto">{revertedBy.actor}</span>
          </>
        )}
      </p>
      <span className="meta num">
        <TimeAgo at={first.at} label="On" focusable={false} />
      </span>
    </li>
  );
}
