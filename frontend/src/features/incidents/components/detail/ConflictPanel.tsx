import { useQuery } from '@tanstack/react-query';
import { TriangleAlert } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { TimeAgo } from '@/components/TimeAgo';
import { eventsQuery } from '@/features/incidents/api/queries';
import type { IncidentEdit } from '@/features/incidents/api/useIncidentEdit';
import {
  type Conflict,
  divide,
  type Field,
  fieldsOf,
  isSame,
  pick,
} from '@/features/incidents/model/conflict';
import { fieldName, listOf, valueInWords } from '@/features/incidents/model/history';
import type { Incident, IncidentPatch } from '@/features/incidents/model/incident';
import { useCommand } from '@/lib/commands';
import { Dispute, type Side } from './Dispute';
import { EventSentences, Value } from './EventSentences';

interface Props {
  conflict: Conflict;
  incident: Incident;
  edit: IncidentEdit;
  /** It has just come up; one that was found when the page opened does not take the focus. */
  isNews: boolean;
}

/** A choice counts for the value that it was made against; when that changes once more, it is asked for again. */
type Choices = Partial<Record<Field, { side: Side; theirs: unknown }>>;

/** Somebody was faster. Says who did what, keeps what was typed, and asks instead of overwriting. */
export function ConflictPanel({ conflict, incident, edit, isNews }: Props) {
  const { base, patch } = conflict;
  const current = incident.version > conflict.current.version ? incident : conflict.current;
  const { disputed, mine } = divide(base, current, patch);
  const { data: events } = useQuery(eventsQuery(current.id));
  const theirs = (events ?? []).filter(
    ({ at, type }) => type !== 'commented' && Date.parse(at) > Date.parse(base.updatedAt),
  );
  const panel = useRef<HTMLElement>(null);
  const [choices, setChoices] = useState<Choices>({});
  const [error, setError] = useState<string | null>(null);
  const [saving, setSaving] = useState(false);

  useEffect(() => {
    if (isNews) panel.current?.focus();
  }, [conflict, isNews]);

  const isOver = disputed.length === 0 && mine.length === 0;
  const { resolve } = edit;
  useEffect(() => {
    // Meanwhile somebody has set what was wanted here.
    if (isOver) void resolve({}, current);
  });

  function sideOf(field: Field): Side | undefined {
    const choice = choices[field];
    return choice && isSame(field, choice.theirs, current[field]) ? choice.side : undefined;
  }

  function choose(fields: readonly Field[], side: Side) {
    const chosen = fields.map((field) => [field, { side, theirs: current[field] }]);
    setChoices({ ...choices, ...Object.fromEntries(chosen) });
    setError(null);
  }

  async function end(chosen: IncidentPatch) {
    if (saving) return;
    setSaving(true);
    const result = await edit.resolve(chosen, current);
    setSaving(false);
    if (result.kind === 'failed') setError(result.message);
    // The panel goes away; the focus goes to where the change was made.
    if (result.kind === 'saved') {
      const [field] = fieldsOf(patch);
      const target = document.querySelector<HTMLElement>(`[data-edit=${field}]`);
      (target ?? document.getElementById('content'))?.focus();
    }
  }

  function save() {
    const open = disputed.find((field) => sideOf(field) === undefined);
    if (open === undefined) {
      void end(pick(patch, [...mine, ...disputed.filter((field) => sideOf(field) === 'mine')]));
      return;
    }
    setError(`Choose which ${fieldName(open)} to keep.`);
    panel.current?.querySelector<HTMLElement>(`[data-dispute=${open}] input`)?.focus();
  }

  useCommand('form.submit', save, { within: panel });

  return (
    <section ref={panel} className="conflict" tabIndex={-1} aria-labelledby="conflict-title">
      <h2 id="conflict-title">
        <TriangleAlert aria-hidden="true" />
        {disputed.length > 0
          ? 'This incident changed while you were editing'
          : 'You have a change that is not saved'}
      </h2>
      {theirs.length > 0 && (
        <ul>
          {theirs.map((event) => (
            <li key={event.id}>
              <strong dir="auto">{event.actor}</strong>{' '}
              <EventSentences
                event={event}
                incident={current}
                reverts={events?.find((one) => one.changeId === event.revertsChangeId) ?? null}
              />{' '}
              <span className="meta">
                <TimeAgo at={event.at} label="Changed" ago />
              </span>
            </li>
          ))}
        </ul>
      )}
      {disputed.map((field) => (
        <Dispute
          key={field}
          field={field}
          theirs={current[field]}
          theirEvent={theirs.findLast(({ changes }) => field in changes)}
          mine={patch[field]}
          side={sideOf(field)}
          onChoose={(side) => choose([field], side)}
        />
      ))}
      {mine.length > 0 && (
        <p>
          {disputed.length > 0 ? 'Saved along with it, since only you changed it: ' : 'Not saved: '}
          {mine.map((field, index) => (
            <span key={field}>
              {index > 0 && ', '}
              {fieldName(field)} <Value text={valueInWords(field, patch[field])} />
            </span>
          ))}
        </p>
      )}
      {error !== null && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
      <div className="row">
        <button type="button" className="btn primary" aria-disabled={saving} onClick={save}>
          Save
        </button>
        {disputed.length > 1 && (
          <>
            <button type="button" className="btn" onClick={() => choose(disputed, 'theirs')}>
              All theirs
            </button>
            <button type="button" className="btn" onClick={() => choose(disputed, 'mine')}>
              All mine
            </button>
          </>
        )}
        <button
          type="button"
          className="btn"
          aria-label={`Discard my ${listOf(fieldsOf(patch))}`}
          onClick={() => void end({})}
        >
          Discard mine
        </button>
      </div>
    </section>
  );
}
