import { type ReactNode, useRef } from 'react';
import { hasNextPage } from '@/components/Pagination';
import type { Incident, IncidentList } from '@/features/incidents/model/incident';
import type { Triage } from '@/features/incidents/model/triage';
import { useSelection } from '@/features/incidents/model/useSelection';
import { useFocusBack } from '@/hooks/useFocusBack';
import { useCommand } from '@/lib/commands';
import { filterText, type ListState } from '@/lib/search-params';
import { BulkBar } from './BulkBar';
import { IncidentTable } from './IncidentTable';
import { tabStop } from './useRowFocus';

interface Props {
  answer: IncidentList;
  state: ListState;
  filter: ListState;
  stale: boolean;
  triage: Triage;
  onOpen: (incident: Incident, index: number) => void;
  /** What follows the rows, or stands in their place. */
  children: ReactNode;
}

/** The rows, what is chosen of them, and what can be done with that. It is drawn anew by itself, without the page. */
export function TriageList({ answer, state, filter, stale, triage, onOpen, children }: Props) {
  const { items } = answer;
  const [selection, select] = useSelection(filterText(state), items);
  const isChosen = selection.all || selection.chosen.size > 0;
  const hint = useRef<HTMLParagraphElement>(null);

  useCommand('close', () => (isChosen ? select({ type: 'clear' }) : false));
  useFocusBack(isChosen, tabStop);

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
        answer={answer}
        filter={filter}
        onAll={() => select({ type: 'all' })}
        onClear={() => select({ type: 'clear' })}
      />
      <p ref={hint} className="sr-only" aria-live="polite" />
      <div className="list-main">
        {items.length > 0 && (
          <IncidentTable
            incidents={items.map(triage.shown)}
            state={state}
            filter={filter}
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
