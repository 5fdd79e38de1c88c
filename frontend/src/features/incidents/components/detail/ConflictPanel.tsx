import { useQuery } from '@tanstack/react-query';
import { TriangleAlert } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { toast } from 'sonner';
import { TimeAgo } from '@/components/TimeAgo';
import { eventsQuery } from '@/features/incidents/api/queries';
import type { Conflict, IncidentEdit } from '@/features/incidents/api/useIncidentEdit';
import { inWords } from '@/features/incidents/model/history';
import { EventSentences } from './EventSentences';

/** Somebody was faster. Says who did what, keeps what was typed, and asks instead of overwriting. */
export function ConflictPanel({ conflict, edit }: { conflict: Conflict; edit: IncidentEdit }) {
  const { base, current, patch } = conflict;
  const { data: events } = useQuery(eventsQuery(current.id));
  const theirs = (events ?? []).filter(
    (event) => Date.parse(event.at) > Date.parse(base.updatedAt),
  );
  const panel = useRef<HTMLElement>(null);

  useEffect(() => panel.current?.focus(), [conflict]);

  /** The panel goes away; the focus stays on the page. */
  function leave() {
    document.getElementById('content')?.focus({ preventScroll: true });
  }

  function dismiss() {
    edit.takeTheirs();
    leave();
  }

  async function saveMine() {
    const result = await edit.saveMine();
    if (result.kind === 'failed') toast.error(result.message);
    else leave();
  }

  return (
    <section
      ref={panel}
      className="conflict"
      role="alert"
      tabIndex={-1}
      aria-labelledby="conflict-title"
    >
      <h2 id="conflict-title">
        <TriangleAlert aria-hidden="true" />
        This incident changed while you were editing
      </h2>
      <ul>
        {theirs.map((event) => (
          <li key={event.id}>
            <strong>{event.actor}</strong> <EventSentences event={event} incident={current} />{' '}
            <TimeAgo at={event.at} label="Changed" ago />
          </li>
        ))}
      </ul>
      <p>Your change is not saved yet:</p>
      <dl>
        {Object.entries(patch).map(([field, value]) => {
          const { name, text } = inWords(field, value);
          return (
            <div key={field}>
              <dt>{name}</dt>
              <dd className="typed">{text}</dd>
            </div>
          );
        })}
      </dl>
      <div className="row">
        <button type="button" className="btn" onClick={dismiss}>
          Use theirs
        </button>
        <button type="button" className="btn primary" onClick={() => void saveMine()}>
          Save mine anyway
        </button>
      </div>
    </section>
  );
}
