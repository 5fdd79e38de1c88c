import { RotateCw } from 'lucide-react';
import { useRef } from 'react';
import { MarkdownText } from '@/components/MarkdownEditor';
import type { Incident, IncidentEvent } from '@/features/incidents/model/incident';
import type { Outgoing } from '@/features/incidents/model/outbox';
import { useFocusBack } from '@/hooks/useFocusBack';
import { When } from './When';

export function TimelineComment({ event, incident }: { event: IncidentEvent; incident: Incident }) {
  return (
    <li className="comment">
      <p className="meta">
        <strong dir="auto">{event.actor}</strong> commented{' '}
        <When event={event} incident={incident} />
      </p>
      <MarkdownText text={event.comment ?? ''} />
    </li>
  );
}

interface Props {
  comment: Outgoing;
  /** Whether the person may send it again. */
  canSend: boolean;
  onRetry: () => void;
  onEdit: () => void;
  onDiscard: () => void;
}

/** A comment that the server has not confirmed: on its way, or waiting for somebody to send it again. */
export function TimelineOutgoing({ comment, canSend, onRetry, onEdit, onDiscard }: Props) {
  const item = useRef<HTMLLIElement>(null);
  const failed = comment.error !== null;
  useFocusBack(failed, () => item.current);
  return (
    <li ref={item} tabIndex={-1} className="comment outgoing">
      <p className="meta">
        <strong dir="auto">{comment.actor}</strong>{' '}
        {failed ? 'not sent' : <span role="status">Sending…</span>}
      </p>
      <MarkdownText text={comment.body} />
      {failed && (
        <div className="note bad">
          <p role="alert">
            <strong>Not sent.</strong> {comment.error} It is kept in this browser.
          </p>
          <div className="row">
            {canSend && (
              <>
                <button type="button" className="btn small" onClick={onRetry}>
                  <RotateCw aria-hidden="true" />
                  Retry
                </button>
                <button type="button" className="btn small" onClick={onEdit}>
                  Edit
                </button>
              </>
            )}
            <button type="button" className="btn ghost small" onClick={onDiscard}>
              Discard
            </button>
          </div>
        </div>
      )}
    </li>
  );
}
