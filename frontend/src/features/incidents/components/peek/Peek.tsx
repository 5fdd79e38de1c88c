import { startTransition, useEffect, useRef, useState } from 'react';
import { useLocation } from 'react-router';
import {
  activateRow,
  activeRow,
  focusRow,
  followActiveRow,
} from '@/features/incidents/components/useRowFocus';
import type { Incident } from '@/features/incidents/model/incident';
import { useCommand } from '@/lib/commands';
import { lazyPart } from '@/lib/lazy-part';

const PeekPanel = lazyPart(async () => (await import('./PeekPanel')).PeekPanel);

interface Props {
  /** The rows, in the order of the table. */
  incidents: readonly Incident[];
  /** Which list, in which order, and which of its pages the rows are. */
  place: string;
  /** Told before the page of an incident opens. */
  onOpen: (incident: Incident, index: number) => void;
}

/** So many rows on either side are fetched before the person gets there. */
const REACH = 2;

/**
 * The incident of the row that has the focus, beside the table. Whether it is open belongs to the entry of the
 * browser's history, so that Back finds the list as it was left. It is in no URL: what is shared is the incident's own,
 * and to write it while `j` is held down would be a visit to the list for every row.
 */
export function Peek({ incidents, place, onOpen }: Props) {
  const { key } = useLocation();
  const [open, setOpen] = useState<boolean>(() => window.history.state?.peek === true);
  const [id, setId] = useState(() => activeRow()?.id ?? null);
  const area = useRef<HTMLElement>(null);

  useEffect(
    () =>
      followActiveRow(() => {
        const next = activeRow()?.id;
        // The key is shown first, and the peek in the next frame. A row that leaves stays until there is another.
        if (next !== undefined) startTransition(() => setId(next));
      }),
    [],
  );

  useEffect(() => {
    // Beside what the router keeps there; another entry of the same visit is told as well.
    const kept: unknown = window.history.state?.peek;
    if ((kept === true) !== open) {
      window.history.replaceState({ ...window.history.state, peek: open }, '');
    }
  }, [open, key]);

  const at = incidents.findIndex((incident) => incident.id === id);
  const isShown = open && id !== null;

  const [shownPlace, setShownPlace] = useState(place);
  if (shownPlace !== place) {
    setShownPlace(place);
    // In another list it goes on with the first row, as the focus does, unless what it shows is there as well.
    if (at < 0) setId(incidents[0]?.id ?? null);
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: the rows of another place have no active one yet.
  useEffect(() => {
    // Keys that are pressed in the peek are about what it shows.
    if (isShown && activeRow() === null) activateRow(id);
  }, [id, isShown, place]);

  function close() {
    // The keyboard stays in the list.
    if (id !== null && area.current?.contains(document.activeElement)) focusRow(id, 0);
    setOpen(false);
  }

  useCommand('row.peek', () => (isShown ? close() : setOpen(true)));
  useCommand('close', close, { enabled: isShown });
  useCommand(
    'row.open',
    () => {
      // Its row may have left, and another one be in the place of it.
      if (!area.current?.contains(document.activeElement)) return false;
      area.current.querySelector<HTMLElement>('.peek-title a')?.click();
      return true;
    },
    { enabled: isShown, within: area },
  );

  const near = at < 0 ? [] : neighbours(incidents, at);
  return (
    <PeekPanel
      isWanted={isShown}
      onFailed={() => setOpen(false)}
      takesKeys={false}
      ref={area}
      id={id ?? ''}
      row={incidents[at]}
      near={near}
      onOpen={(incident) => onOpen(incident, at)}
      onClose={close}
    />
  );
}

/** The nearest first, and of those the one below, since most people go down the list. */
function neighbours(incidents: readonly Incident[], at: number): string[] {
  const steps = Array.from({ length: REACH }, (_, index) => [at + index + 1, at - index - 1]);
  return steps.flat().flatMap((index) => incidents[index]?.id ?? []);
}
