import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { PlainText } from '@/components/PlainText';
import { ErrorPanel } from '@/components/ui/ErrorPanel';
import { eventsQuery } from '@/features/incidents/api/queries';
import { useComments } from '@/features/incidents/api/useComments';
import type { Undo } from '@/features/incidents/api/useUndo';
import { draftNameOf } from '@/features/incidents/model/comment-draft';
import { entriesOf, isRevertible } from '@/features/incidents/model/history';
import type { Incident } from '@/features/incidents/model/incident';
import type { Outgoing } from '@/features/incidents/model/outbox';
import { useCan } from '@/lib/session';
import { readStored, useStored, writeStored } from '@/lib/storage';
import { CommentBox } from './CommentBox';
import { TimelineComment, TimelineOutgoing } from './TimelineComment';
import { TimelineEntry } from './TimelineEntry';

/** What somebody was writing before the role for it was taken from them. */
function KeptDraft({ incidentId }: { incidentId: string }) {
  const text = useStored(draftNameOf(incidentId));
  if (text === null) return null;
  return (
    <div className="note">
      <p>
        Your role does not allow comments any more. What you were writing is kept in this browser:
      </p>
      <PlainText text={text} />
    </div>
  );
}

/** Everything that happened and was said, oldest first, with room to say more at its end. */
export function Timeline({ incident, undo }: { incident: Incident; undo: Undo }) {
  const { data: events, error, refetch } = useQuery(eventsQuery(incident.id));
  const comments = useComments(incident.id, events);
  const entries = useMemo(() => entriesOf(events ?? []), [events]);
  // Until the history is there, nobody can tell which of them have arrived.
  const outgoing = events || error ? comments.outgoing : [];
  const canWrite = useCan('write');
  const newest = entries.findLast(isRevertible);
  // Raised to call the keyboard into the comment box.
  const [calls, setCalls] = useState(0);
  const callBox = () => setCalls((before) => before + 1);

  /** Back into the box, before whatever is being written there. */
  function rewrite(comment: Outgoing) {
    const name = draftNameOf(incident.id);
    const draft = readStored(name);
    writeStored(name, draft ? `${comment.body}\n\n${draft}` : comment.body);
    comments.discard(comment);
    callBox();
  }

  return (
    <section className="panel" aria-labelledby="timeline-title">
      <h2 id="timeline-title">Timeline</h2>
      {error && !events && (
        <ErrorPanel
          title="The timeline could not be loaded"
          error={error}
          onRetry={() => void refetch()}
        />
      )}
      {!error && !events && (
        <div className="skeletons timeline-loading" role="status" aria-label="Loading the timeline">
          <div className="skeleton h-4 w-2/3" />
          <div className="skeleton mt-3 h-4 w-1/2" />
        </div>
      )}
      <ol className="timeline">
        {entries.map((entry) => {
          const [first] = entry.events;
          return first?.type === 'commented' ? (
            <TimelineComment key={entry.changeId} event={first} incident={incident} />
          ) : (
            <TimelineEntry
              key={entry.changeId}
              entry={entry}
              incident={incident}
              isNewest={entry === newest}
              undo={canWrite ? undo : null}
            />
          );
        })}
        {outgoing.map((comment) => (
          <TimelineOutgoing
            key={comment.key}
            comment={comment}
            canSend={canWrite}
            onRetry={() => comments.retry(comment)}
            onEdit={() => rewrite(comment)}
            onDiscard={() => {
              comments.discard(comment);
              callBox();
            }}
          />
        ))}
      </ol>
      {canWrite ? (
        <CommentBox
          incidentId={incident.id}
          calls={calls}
          onCall={callBox}
          onPost={comments.post}
        />
      ) : (
        <KeptDraft incidentId={incident.id} />
      )}
    </section>
  );
}
