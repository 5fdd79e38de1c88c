import { type ReactNode, useCallback, useMemo, useRef } from 'react';
import { hasNextPage } from '@/components/Pagination';
import { useRowMenu } from '@/features/commands/api/useRowMenu';
import { useActCommands, useTriage } from '@/features/incidents/api/useTriage';
import type { Incident, IncidentList } from '@/features/incidents/model/incident';
import { NOTHING_CHOSEN } from '@/features/incidents/model/selection';
import type { Asked } from '@/features/incidents/model/steady-list';
import type { Target } from '@/features/incidents/model/triage';
import { useSelection } from '@/features/incidents/model/useSelection';
import { useFocusBack } from '@/hooks/useFocusBack';
import { isInRows, useCommand } from '@/lib/commands';
import type { ListState } from '@/lib/search-params';
import { useCan } from '@/lib/session';
import { BulkBar } from './BulkBar';
import { IncidentTable } from './IncidentTable';
import { activeRow, moveOn, tabStop } from './useRowFocus';

interface Props {
  answer: IncidentList;
  state: ListState;
  filter: Asked;
  place: string;
  stale: boolean;
  onOpen: (incident: Incident, index: number) => void;
  /** What follows the rows, or stands in their place. */
  children: ReactNode;
}

/** The rows, what is chosen of them, and what is done with that. It is drawn anew by itself, without the page. */
export function TriageList({ answer, state, filter, place, stale, onOpen, children }: Props) {
  const { items } = answer;
  const [held, select] = useSelection(state.q, items);
  // What was chosen before the right to act on it was gone.
  const selection = useCan('write') ? held : NOTHING_CHOSEN;
  const isChosen = selection.all || selection.chosen.size > 0;

  /** The selection as it was last acted on: once that is under way, nothing is chosen any more. */
  const acted = useRef<Target | null>(null);
  const onSent = useCallback(
    (target: Target) => {
      if (target === acted.current) select({ type: 'clear' });
    },
    [select],
  );
  const triage = useTriage({ onSent });
  const shown = useMemo(() => items.map(triage.shown), [items, triage]);

  function targets(): Target | null {
    if (isChosen) {
      acted.current = selection.all
        ? { kind: 'matching', state, total: answer.total }
        : { kind: 'some', incidents: [...selection.chosen.values()] };
      return acted.current;
    }
    const incident =
      isInRows(document.activeElement) && items.find(({ id }) => id === activeRow()?.id);
    return incident ? { kind: 'some', incidents: [incident] } : null;
  }
  useActCommands(targets, triage, {
    onActed: () => !isChosen && moveOn(),
    applies: () => isChosen || isInRows(document.activeElement),
  });
  useRowMenu(items, { ...selection, clear: () => select({ type: 'clear' }) });
  useCommand('close', () => (isChosen ? select({ type: 'clear' }) : false));
  useFocusBack(isChosen, tabStop);

  const hint = useRef<HTMLParagraphElement>(null);
  /** Told with every press: only a text that differs is read aloud again. */
  function tellEnd() {
    if (hint.current === null) return;
    const text = `Last row.${hasNextPage(state.page, answer) ? ' The ] key turns the page.' : ''}`;
    hint.current.textContent = hint.current.textContent === text ? `${text}\u00a0` : text;
  }

  return (
    <>
      <BulkBar
        selection={selection}
        chosen={[...selection.chosen.values()].map(triage.shown)}
        answer={answer}
        filter={filter}
        onAll={() => select({ type: 'all' })}
        onClear={() => select({ type: 'clear' })}
      />
      <p ref={hint} className="sr-only" aria-live="polite" />
      <div className="list-main">
        {items.length > 0 && (
          <IncidentTable
            incidents={shown}
            state={state}
            filter={filter}
            place={place}
            stale={stale}
            triage={triage}
            selection={selection}
            onSelect={select}
            onOpen={onOpen}
            onEnd={tellEnd}
          />
        )}
        {children}
      </div>
    </>
  );
}
