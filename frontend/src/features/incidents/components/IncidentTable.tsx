import { ArrowDown, ArrowUp } from 'lucide-react';
import { type FocusEvent, type MouseEvent, memo, useEffect, useRef, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { SeverityBadge, StatusBadge } from '@/components/Badges';
import { TimeAgo } from '@/components/TimeAgo';
import { useDensity } from '@/features/incidents/model/density';
import { type Incident, incidentKey, incidentPath } from '@/features/incidents/model/incident';
import { matches } from '@/features/incidents/model/matches';
import type { RowMark, Triage } from '@/features/incidents/model/triage';
import { formatListState, type ListState, type SortKey, withFilter } from '@/lib/search-params';
import { RowState, sameMark } from './acting/RowState';
import { SlaMark } from './SlaMark';

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
  filter: ListState;
  /** The rows are those of an earlier request; the new ones are on their way. */
  stale: boolean;
  triage: Triage;
  onOpen: (incident: Incident, index: number) => void;
}

/** Focuses the link of a row; when that row is gone, of the one that is now in its place. */
export function focusRow(id: string, index: number, { show = false } = {}): void {
  const rows = [...document.querySelectorAll<HTMLElement>('tbody tr[data-id]')];
  const row = rows.find((one) => one.dataset.id === id) ?? rows[Math.min(index, rows.length - 1)];
  row?.querySelector('a')?.focus({ preventScroll: true });
  if (show) row?.scrollIntoView({ block: 'nearest' });
}

/** Keeps the focus in the list when its row leaves: another page, or an incident that was resolved meanwhile. */
function useFocusInPlace(incidents: readonly Incident[]) {
  const focused = useRef<{ id: string; index: number } | null>(null);
  useEffect(() => {
    if (focused.current === null || document.activeElement !== document.body) return;
    focusRow(focused.current.id, focused.current.index);
  }, [incidents]);
  return {
    onFocus: (event: FocusEvent) => {
      const row = event.target.closest('tr');
      const id = row?.dataset.id;
      // The header is the row 0 of the table.
      focused.current = row && id ? { id, index: row.rowIndex - 1 } : null;
    },
    onBlur: () => {
      focused.current = null;
    },
  };
}

/**
 * A native table of plain elements. CSS lays each row out as a grid, on a small screen as a card, and a browser that
 * sees `display: grid` forgets that it was a table; the explicit roles remind it.
 */
export function IncidentTable({ incidents, state, filter, stale, triage, onOpen }: Props) {
  const density = useDensity();
  const navigate = useNavigate();
  const focusInPlace = useFocusInPlace(incidents);

  /** One for all rows. A click that is meant for another tab or a download is the browser's own. */
  function openRow(event: MouseEvent<HTMLElement>) {
    const link = event.target instanceof Element ? event.target.closest('.row-link') : null;
    const index = (link?.closest('tr')?.rowIndex ?? 0) - 1;
    const incident = incidents[index];
    const isPlain = !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (!incident || !isPlain || event.button !== 0) return;
    event.preventDefault();
    onOpen(incident, index);
    void navigate(incidentPath(incident), { state: { fromList: true } });
  }

  return (
    <table
      role="table"
      className="incidents"
      data-density={density}
      data-stale={stale || undefined}
      data-keys="rows"
      aria-busy={stale}
    >
      <caption className="sr-only">Incidents</caption>
      <thead role="rowgroup">
        <tr role="row">
          {COLUMNS.map((column) => (
            <SortableHeader key={column.key} column={column} state={state} />
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup" onClick={openRow} {...focusInPlace}>
        {incidents.map((incident) => (
          <IncidentRow
            key={incident.id}
            incident={incident}
            left={!matches(incident, filter)}
            mark={triage.marks.get(incident.id)}
            triage={triage}
          />
        ))}
      </tbody>
    </table>
  );
}

function SortableHeader({ column, state }: { column: Column; state: ListState }) {
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
      <Link to={{ pathname: '/', search: formatListState(target) }}>
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
    sameMark(before.mark, after.mark)
  );
}

/**
 * Its link is a plain one: the router's own would draw every row again whenever the URL changes, which it does while
 * somebody types a search.
 */
const IncidentRow = memo(function IncidentRow({ incident, left, mark, triage }: RowProps) {
  const [first] = useState(incident.version);
  // A tint that runs once for every change: two names in turn, since the same one would not start again.
  const tint = incident.version === first ? undefined : incident.version % 2 === 0 ? 'even' : 'odd';
  return (
    <tr role="row" data-id={incident.id} data-left={left || undefined} data-tint={tint}>
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
            href={incidentPath(incident)}
            data-tip-at=".c-age time"
          >
            {incident.title}
          </a>
          <span className="row-key">{incidentKey(incident)}</span>
          <RowState incident={incident} left={left} mark={mark} triage={triage} />
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
