import { useCallback, useEffect, useRef, useState } from 'react';
import type { Incident } from './incident';
import { listenToNews } from './news';
import { NOTHING_CHOSEN, type Selection, type SelectionAction, select } from './selection';

/** A selection and the filter that it was made under. */
interface Held {
  readonly filter: string;
  readonly selection: Selection;
}

const KEY = 'selection';

/** What was chosen before the list was left or the page was loaded again. */
function restore(): Held {
  try {
    const { filter, incidents } = JSON.parse(sessionStorage.getItem(KEY) ?? '') as {
      filter: string;
      incidents: Incident[];
    };
    const selection = select(NOTHING_CHOSEN, { type: 'page', chosen: true }, incidents);
    return { filter, selection };
  } catch {
    return { filter: '', selection: NOTHING_CHOSEN };
  }
}

function keep({ filter, selection }: Held): void {
  const incidents = [...selection.chosen.values()];
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ filter, incidents }));
  } catch {
    // Without storage, or with more than it takes, the selection ends with the page.
  }
}

/**
 * What is chosen under this filter. Another filter begins with nothing, so that nobody acts on what they have lost
 * sight of; back at the first one before anything else was chosen, it is there again.
 */
export function useSelection(filter: string, rows: readonly Incident[]) {
  const [held, setHeld] = useState(restore);
  const selection = held.filter === filter ? held.selection : NOTHING_CHOSEN;

  const change = useCallback(
    (action: SelectionAction) =>
      setHeld((before) => {
        const now = before.filter === filter ? before.selection : NOTHING_CHOSEN;
        const next = select(now, action, rows);
        return next === now ? before : { filter, selection: next };
      }),
    [filter, rows],
  );

  const [seen, setSeen] = useState<readonly Incident[]>([]);
  if (seen !== rows) {
    setSeen(rows);
    change({ type: 'learn', incidents: rows });
  }
  useEffect(
    () =>
      listenToNews({
        onNews: (news) =>
          change({ type: 'learn', incidents: news.map(({ incident }) => incident) }),
        onGap: () => {},
      }),
    [change],
  );

  const latest = useRef(held);
  useEffect(() => {
    latest.current = held;
  });
  useEffect(() => {
    const write = () => keep(latest.current);
    window.addEventListener('pagehide', write);
    return () => {
      write();
      window.removeEventListener('pagehide', write);
    };
  }, []);

  return [selection, change] as const;
}
