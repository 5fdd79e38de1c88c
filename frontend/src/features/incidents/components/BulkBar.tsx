import { X } from 'lucide-react';
import { useState } from 'react';
import { SeverityBadge } from '@/components/Badges';
import { FirstKbd, Kbd } from '@/components/ui/Kbd';
import { Popover } from '@/components/ui/Popover';
import type { Incident, IncidentList } from '@/features/incidents/model/incident';
import type { Selection } from '@/features/incidents/model/selection';
import { type Asked, belongs } from '@/features/incidents/model/steady-list';
import { useFocusBack } from '@/hooks/useFocusBack';
import { type CommandId, runCommand, titleOf } from '@/lib/commands';
import { formatCount } from '@/lib/numbers';
import { SEVERITIES } from '@/lib/search-params';
import { tabStop } from './useRowFocus';

/** The API refuses to change more than that by a filter. */
const MOST_MATCHING = 10_000;

interface Props {
  selection: Selection;
  /** The chosen ones as they are shown. */
  chosen: readonly Incident[];
  answer: IncidentList;
  filter: Asked;
  onAll: () => void;
  onClear: () => void;
}

/** What can be done with the chosen incidents. It lies over the header of the table, so that no row gives way to it. */
export function BulkBar({ selection, chosen, answer, filter, onAll, onClear }: Props) {
  const { all } = selection;
  const size = all ? answer.total : chosen.length;
  const pageIsChosen = answer.items.every(({ id }) => selection.chosen.has(id));
  const isPageOnly = pageIsChosen && !all;
  // The button for all that match is gone once it was pressed, and the focus with it.
  useFocusBack(isPageOnly, tabStop);
  const elsewhere = all ? '' : whereElse(chosen, answer.items, filter);
  return (
    <div className="bulk">
      {size > 0 && (
        <section className="bulk-bar" aria-label="Selection">
          <strong className="num">
            {all ? `All ${formatCount(size)} matching` : `${formatCount(size)} selected`}
          </strong>
          {elsewhere && <span className="bulk-note">{elsewhere}</span>}
          {isPageOnly && <AllMatching answer={answer} onAll={onAll} />}
          <span className="bulk-actions">
            <Act command="incident.resolve" />
            <Act command="incident.mitigate" />
            <Act command="incident.reopen" />
            <SeverityChoice />
            <Act command="incident.assign" />
          </span>
          <button
            type="button"
            className="btn ghost small bulk-clear"
            aria-label="Clear the selection"
            onClick={onClear}
          >
            <X aria-hidden="true" />
            <span className="bulk-word">Clear</span>
            <Kbd command="close" />
          </button>
        </section>
      )}
      <p className="sr-only" role="status">
        {[size > 0 && `${formatCount(size)} selected`, elsewhere].filter(Boolean).join(', ')}
      </p>
    </div>
  );
}

/** Where those are that nobody sees: "2 on other pages, 1 no longer in this list". */
function whereElse(chosen: readonly Incident[], rows: readonly Incident[], filter: Asked): string {
  const shown = new Set(rows.map(({ id }) => id));
  const left = chosen.filter((one) => !belongs(one, filter)).length;
  const away = chosen.filter((one) => !shown.has(one.id) && belongs(one, filter)).length;
  return [
    away > 0 && `${formatCount(away)} on other pages`,
    left > 0 && `${formatCount(left)} no longer in this list`,
  ]
    .filter(Boolean)
    .join(', ');
}

function AllMatching({ answer, onAll }: { answer: IncidentList; onAll: () => void }) {
  const { total, totalIsExact, items } = answer;
  if (total <= items.length) return null;
  if (!totalIsExact || total > MOST_MATCHING) {
    return <span className="bulk-note">More than {formatCount(MOST_MATCHING)} match</span>;
  }
  return (
    <button type="button" className="link" onClick={onAll}>
      Select all {formatCount(total)} matching
    </button>
  );
}

function Act({ command }: { command: CommandId }) {
  return (
    <button type="button" className="btn small" onClick={() => runCommand(command)}>
      {titleOf(command)}
      <Kbd command={command} />
    </button>
  );
}

function SeverityChoice() {
  const [open, setOpen] = useState(false);
  return (
    <Popover
      label="Set the severity"
      open={open}
      onOpenChange={setOpen}
      trigger={
        <button type="button" className="btn small">
          Severity
          <FirstKbd command="incident.severity1" />
        </button>
      }
    >
      {SEVERITIES.map((severity) => {
        const command = `incident.severity${severity.slice(3)}` as CommandId;
        return (
          <button
            key={severity}
            type="button"
            className="menu-row w-full"
            aria-label={titleOf(command)}
            onClick={() => {
              setOpen(false);
              runCommand(command);
            }}
          >
            <span className="grow text-left">
              <SeverityBadge severity={severity} />
            </span>
            <Kbd command={command} />
          </button>
        );
      })}
    </Popover>
  );
}
