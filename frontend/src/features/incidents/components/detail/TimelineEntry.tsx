import { Undo2 } from 'lucide-react';
import { useId, useRef, useState } from 'react';
import type { Undo } from '@/features/incidents/api/useUndo';
import { type Entry, isRevertible } from '@/features/incidents/model/history';
import type { Incident } from '@/features/incidents/model/incident';
import { useFocusBack } from '@/hooks/useFocusBack';
import { formatCount } from '@/lib/numbers';
import { EventSentences } from './EventSentences';
import { When } from './When';

interface Props {
  entry: Entry;
  incident: Incident;
  /** The newest change that can be undone: its button is always in sight. */
  isNewest: boolean;
  /** Null for whoever may not. */
  undo: Undo | null;
}

/** One change, as sentences, and the way to take it back. */
export function TimelineEntry({ entry, incident, isNewest, undo }: Props) {
  const { events, reverts, revertedBy } = entry;
  const id = useId();
  const item = useRef<HTMLLIElement>(null);
  const [undoing, setUndoing] = useState(false);
  const [reasons, setReasons] = useState<string[]>([]);
  const revertible = undo !== null && isRevertible(entry);
  // Once it is taken back the button is gone; the keyboard stays at the entry.
  useFocusBack(revertible, () => item.current);
  const [first] = events;
  if (!first) return null;
  const isBulk = first.changeSize > 1;

  async function takeBack() {
    if (undoing || undo === null) return;
    setUndoing(true);
    setReasons([]);
    setReasons(await undo(entry.changeId));
    setUndoing(false);
  }

  return (
    <li ref={item} tabIndex={-1}>
      <div className="entry">
        <p id={id}>
          <strong dir="auto">{first.actor}</strong>{' '}
          {events.map((event) => (
            <EventSentences key={event.id} event={event} incident={incident} reverts={reverts} />
          ))}
        </p>
        {revertible && (
          <button
            type="button"
            className={`btn ghost small undo${isNewest ? ' newest' : ''}`}
            aria-describedby={id}
            aria-disabled={undoing}
            onClick={() => void takeBack()}
          >
            <Undo2 aria-hidden="true" />
            {isBulk ? `Undo all ${formatCount(first.changeSize)}` : 'Undo'}
          </button>
        )}
      </div>
      <p className="meta">
        <When event={first} incident={incident} />
        {isBulk && ` · with ${formatCount(first.changeSize - 1)} more`}
        {revertedBy && (
          <>
            {' · '}
            undone by <span dir="auto">{revertedBy.actor}</span>
          </>
        )}
      </p>
      {reasons.length > 0 && (
        <div className="note bad" role="alert">
          <strong>Not undone.</strong>
          {reasons.map((reason) => (
            <p key={reason}>{reason}</p>
          ))}
        </div>
      )}
    </li>
  );
}
