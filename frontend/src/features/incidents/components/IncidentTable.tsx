import { ArrowDown, ArrowUp } from 'lucide-react';
import { type ChangeEvent, type MouseEvent, memo, useEffect, useRef, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { SeverityBadge, StatusBadge } from '@/components/Badges';
import { TimeAgo } from '@/components/TimeAgo';
import { useDensity } from '@/features/incidents/model/density';
import { type Incident, incidentKey, incidentPath } from '@/features/incidents/model/incident';
import type { Selection, SelectionAction } from '@/features/incidents/model/selection';
import { type Asked, belongs } from '@/features/incidents/model/steady-list';
import type { RowMark, Triage } from '@/features/incidents/model/triage';
import { useCommand } from '@/lib/commands';
import { isPlainClick } from '@/lib/plain-click';
import { formatListState, type ListState, type SortKey, withFilter } from '@/lib/search-params';
import { useCan } from '@/lib/session';
import { RowState, sameMark } from './acting/RowState';
import { SlaMark } from './SlaMark';
import { activeRow, isInHeader, tabStop, useRowFocus } from './useRowFocus';

interface Column {
  key: SortKey;
  label: string;
  className: string;
  /** The order of the first click. */
  first: 'asc' | 'desc';
  /** An age grows as its date falls, so what the column shows runs the other way round. */
  inverse?: boolean;
}

const COLUMNS: readonly Column[] = [
  { key: 'severity', label: 'Severity', className: 'c-severity', first: 'desc' },
  { key: 'status', label: 'Status', className: 'c-status', first: 'asc' },
  { key: 'title', label: 'Title', className: 'c-title', first: 'asc' },
  { key: 'service', label: 'Service', className: 'c-service', first: 'asc' },
  { key: 'owner', label: 'Owner', className: 'c-owner', first: 'asc' },
  { key: 'createdAt', label: 'Age', className: 'c-age', first: 'desc', inverse: true },
  { key: 'updatedAt', label: 'Updated', className: 'c-updated', first: 'desc' },
];

interface Props {
  incidents: readonly Incident[];
  state: ListState;
  /** What the rows were listed by. Those that have changed since, so that it is not true of them, stay dimmed. */
  filter: Asked;
  /** Which list, in which order, and which of its pages the rows are. */
  place: string;
  /** The rows are those of an earlier request; the new ones are on their way. */
  stale: boolean;
  triage: Triage;
  selection: Selection;
  onSelect: (action: SelectionAction) => void;
  onOpen: (incident: Incident, index: number) => void;
  /** The key for the next row was pressed on the last one. */
  onEnd: () => void;
}

/**
 * A native table of plain elements. CSS lays each row out as a grid, on a small screen as a card, and a browser that
 * sees `display: grid` forgets that it was a table; the explicit roles remind it.
 */
export function IncidentTable(props: Props) {
  const { incidents, state, filter, place, stale, triage, selection, onSelect, onOpen, onEnd } =
    props;
  const density = useDensity();
  const navigate = useNavigate();
  const canAct = useCan('write');
  const body = useRef<HTMLTableSectionElement>(null);
  const isChosen = selection.all || selection.chosen.size > 0;
  const rowFocus = useRowFocus(body, {
    incidents,
    place,
    onExtend: (from, to) => onSelect({ type: 'extend', from, to }),
    onEnd,
  });

  useCommand('row.open', () => tabStop()?.click());
  useCommand('row.select', () => {
    const id = activeRow()?.id;
    if (id !== undefined && !isInHeader()) onSelect({ type: 'toggle', id });
  });
  useCommand('row.selectPage', () => onSelect({ type: 'page', chosen: true }));

  /** One for all rows. */
  function openRow(event: MouseEvent<HTMLElement>) {
    const link = event.target instanceof Element ? event.target.closest('.row-link') : null;
    const index = (link?.closest('tr')?.rowIndex ?? 0) - 1;
    const incident = incidents[index];
    if (!incident || !isPlainClick(event)) return;
    event.preventDefault();
    onOpen(incident, index);
    void navigate(incidentPath(incident), { state: { fromList: true } });
  }

  const check = useLatest((event: ChangeEvent<HTMLInputElement>) => {
    const id = event.currentTarget.closest('tr')?.dataset.id;
    const { nativeEvent } = event;
    if (id === undefined) return;
    const isRange = nativeEvent instanceof globalThis.MouseEvent && nativeEvent.shiftKey;
    onSelect(isRange ? { type: 'range', to: id } : { type: 'toggle', id });
  });

  return (
    <table
      role="table"
      className="incidents"
      data-density={density}
      data-readonly={!canAct || undefined}
      data-stale={stale || undefined}
      aria-busy={stale}
    >
      <caption className="sr-only">Incidents</caption>
      {/* What is chosen can be acted on from its box; else there is nothing here that keys of rows could be about. */}
      <thead role="rowgroup" data-keys={isChosen ? 'rows' : undefined}>
        <tr role="row">
          {canAct && <PageHeader incidents={incidents} selection={selection} onSelect={onSelect} />}
          {COLUMNS.map((column) => (
            <SortableHeader key={column.key} column={column} state={state} covered={isChosen} />
          ))}
        </tr>
      </thead>
      <tbody ref={body} role="rowgroup" data-keys="rows" onClick={openRow} {...rowFocus}>
        {incidents.map((incident) => {
          const left = !belongs(incident, filter);
          return (
            <IncidentRow
              key={incident.id}
              incident={incident}
              left={left}
              mark={triage.marks.get(incident.id)}
              triage={triage}
              canAct={canAct}
              selected={selection.all ? !left : selection.chosen.has(incident.id)}
              onCheck={check}
            />
          );
        })}
      </tbody>
    </table>
  );
}

/** The same function for good, which does what the newest one does. */
function useLatest<T extends (...args: never[]) => void>(run: T): T {
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  const [stable] = useState(() => ((...args) => latest.current(...args)) as T);
  return stable;
}

interface PageHeaderProps {
  incidents: readonly Incident[];
  selection: Selection;
  onSelect: (action: SelectionAction) => void;
}

/** The box for the rows of the page: half ticked where some of them are chosen. */
function PageHeader({ incidents, selection, onSelect }: PageHeaderProps) {
  const chosen = incidents.filter(({ id }) => selection.chosen.has(id)).length;
  const every = selection.all || chosen === incidents.length;
  return (
    <th role="columnheader" scope="col" className="c-select">
      <label>
        <input
          ref={(box) => {
            if (box) box.indeterminate = chosen > 0 && !every;
          }}
          type="checkbox"
          aria-label="Select the page"
          checked={every}
          onChange={() => onSelect({ type: 'page', chosen: !every })}
        />
      </label>
    </th>
  );
}

interface SortableHeaderProps {
  column: Column;
  state: ListState;
  /** The bulk bar lies over it: nothing that cannot be seen may have the focus. */
  covered: boolean;
}

function SortableHeader({ column, state, covered }: SortableHeaderProps) {
  const active = state.sort === column.key;
  const other = state.order === 'asc' ? 'desc' : 'asc';
  const ascending = (state.order === 'asc') !== (column.inverse ?? false);
  const target = withFilter(state, { sort: column.key, order: active ? other : column.first });
  const Arrow = ascending ? ArrowUp : ArrowDown;
  return (
    <th
      role="columnheader"
      scope="col"
      className={column.className}
      aria-sort={active ? (ascending ? 'ascending' : 'descending') : undefined}
    >
      <Link
        to={{ pathname: '/', search: formatListState(target) }}
        tabIndex={covered ? -1 : undefined}
      >
        {column.label}
        {active && <Arrow aria-hidden="true" />}
      </Link>
    </th>
  );
}

interface RowProps {
  incident: Incident;
  /** It does not belong to the list any more. */
  left: boolean;
  /** What became of a change of it. */
  mark: RowMark | undefined;
  triage: Triage;
  /** Whether it can be chosen, to be acted on. */
  canAct: boolean;
  selected: boolean;
  /** The same for good. */
  onCheck: (event: ChangeEvent<HTMLInputElement>) => void;
}

/** What of an incident changes at a press, before its version is another. */
const ACTED_ON = ['severity', 'status', 'service', 'owner'] as const;

/** Every other change of an incident raises its version, so an answer that brings the same one draws nothing anew. */
function sameRow(before: RowProps, after: RowProps): boolean {
  return (
    before.incident.id === after.incident.id &&
    before.incident.version === after.incident.version &&
    ACTED_ON.every((field) => before.incident[field] === after.incident[field]) &&
    before.left === after.left &&
    before.canAct === after.canAct &&
    before.selected === after.selected &&
    sameMark(before.mark, after.mark)
  );
}

/**
 * Its link is a plain one: the router's own would draw every row again whenever the URL changes, which it does while
 * somebody types a search.
 */
const IncidentRow = memo(function IncidentRow(props: RowProps) {
  const { incident, left, mark, triage, canAct, selected, onCheck } = props;
  const [first] = useState(incident.version);
  // A tint that runs once for every change: two names in turn, since the same one would not start again.
  const tint = incident.version === first ? undefined : incident.version % 2 === 0 ? 'even' : 'odd';
  return (
    <tr
      role="row"
      data-id={incident.id}
      data-left={left || undefined}
      data-selected={selected || undefined}
      data-tint={tint}
    >
      {canAct && (
        <td role="cell" className="c-select">
          <label>
            <input
              type="checkbox"
              tabIndex={-1}
              aria-label={`Select ${incidentKey(incident)}`}
              checked={selected}
              onChange={onCheck}
            />
          </label>
        </td>
      )}
      <td role="cell" className="c-severity">
        <SeverityBadge severity={incident.severity} />
      </td>
      <td role="cell" className="c-status">
        <StatusBadge status={incident.status} />
      </td>
      <td role="cell" className="c-title">
        <div className="title">
          <a
            className="row-link"
            dir="auto"
            tabIndex={-1}
            href={incidentPath(incident)}
            data-tip-at=".c-age time"
          >
            {incident.title}
          </a>
          <span className="row-key">{incidentKey(incident)}</span>
          <RowState incident={incident} left={left} mark={mark} triage={triage} />
          <button
            type="button"
            className="row-more"
            tabIndex={-1}
            aria-haspopup="menu"
            aria-label={`Menu of ${incidentKey(incident)}`}
          >
            ⋯
          </button>
        </div>
      </td>
      <td role="cell" className="c-service">
        {incident.service}
      </td>
      <td role="cell" className="c-owner">
        {incident.owner ?? <span className="none">Unassigned</span>}
      </td>
      <td role="cell" className="c-age">
        <TimeAgo at={incident.startedAt} label="Started" focusable={false} />
        <SlaMark incident={incident} />
      </td>
      <td role="cell" className="c-updated">
        <TimeAgo at={incident.updatedAt} label="Updated" focusable={false} />
      </td>
    </tr>
  );
}, sameRow);
