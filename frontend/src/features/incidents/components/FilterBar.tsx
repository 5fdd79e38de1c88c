import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { type KeyboardEvent, useRef } from 'react';
import { Link } from 'react-router';
import { SeverityBadge, StatusBadge } from '@/components/Badges';
import { facetsQuery } from '@/features/incidents/api/queries';
import {
  excludedOf,
  sameQuery,
  toggleValue,
  valuesOf,
  withoutField,
} from '@/features/incidents/model/query';
import { useCommand } from '@/lib/commands';
import { formatCount, formatEstimate } from '@/lib/numbers';
import {
  DEFAULT_STATE,
  formatListState,
  type ListState,
  SEVERITIES,
  STATUSES,
  withFilter,
} from '@/lib/search-params';
import { FacetPicker } from './FacetPicker';

interface Props {
  state: ListState;
  onChange: (change: Partial<ListState>) => void;
}

type Facet = 'severity' | 'status' | 'service' | 'owner';

export function FilterBar({ state, onChange }: Props) {
  const { data: facets, isPlaceholderData, isFetching } = useQuery(facetsQuery(state));
  // Under a search that matches very much the server estimates.
  const formatOf = (facet: Facet) =>
    facets?.estimated.includes(facet) ? formatEstimate : formatCount;
  const countOf = (facet: 'severity' | 'status', value: string) => {
    const count = facets?.[facet].find((one) => one.value === value)?.count;
    return count === undefined ? '' : formatOf(facet)(count);
  };

  const bar = useRef<HTMLElement>(null);
  const stops = () => [...(bar.current?.querySelectorAll<HTMLElement>('button, a') ?? [])];
  useCommand('filter.focus', () => stops()[0]?.focus());

  /** Arrow keys go along the bar, beside Tab; what opens from it has keys of its own. */
  function moveFocus(event: KeyboardEvent) {
    const all = stops();
    const at = all.findIndex((stop) => stop === event.target);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (at < 0 || step === undefined) return;
    event.preventDefault();
    all[at + step]?.focus();
  }

  const severities = valuesOf(state.q, 'severity');
  const statuses = valuesOf(state.q, 'status');
  const toggle = (facet: Facet, value: string) =>
    onChange({ q: toggleValue(state.q, facet, value) });

  return (
    <section
      ref={bar}
      className="filterbar"
      aria-label="Filters"
      data-stale={(isPlaceholderData && isFetching) || undefined}
      onKeyDown={moveFocus}
    >
      <div className="chips" role="group" aria-label="Severity">
        {SEVERITIES.map((severity) => (
          <Chip
            key={severity}
            count={countOf('severity', severity)}
            pressed={severities.includes(severity.slice(3))}
            onPress={() => toggle('severity', severity.slice(3))}
          >
            <SeverityBadge severity={severity} />
          </Chip>
        ))}
      </div>
      <div className="chips" role="group" aria-label="Status">
        {STATUSES.map((status) => (
          <Chip
            key={status}
            count={countOf('status', status)}
            pressed={statuses.includes(status.toLowerCase())}
            onPress={() => toggle('status', status.toLowerCase())}
          >
            <StatusBadge status={status} />
          </Chip>
        ))}
      </div>
      <div className="chips">
        <FacetPicker
          name="Service"
          counts={facets?.service}
          format={formatOf('service')}
          chosen={valuesOf(state.q, 'service')}
          excluded={excludedOf(state.q, 'service')}
          onToggle={(name) => toggle('service', name)}
          onClear={() => onChange({ q: withoutField(state.q, 'service') })}
        />
        <FacetPicker
          name="Owner"
          none="Unassigned"
          counts={facets?.owner}
          format={formatOf('owner')}
          chosen={valuesOf(state.q, 'owner')}
          excluded={excludedOf(state.q, 'owner')}
          onToggle={(name) => toggle('owner', name)}
          onClear={() => onChange({ q: withoutField(state.q, 'owner') })}
        />
        {!sameQuery(state.q, DEFAULT_STATE.q) && (
          <Link
            className="btn ghost"
            to={{
              pathname: '/',
              search: formatListState(withFilter(state, { q: DEFAULT_STATE.q })),
            }}
          >
            <X aria-hidden="true" />
            <span className="clear-word">Clear</span>
          </Link>
        )}
      </div>
    </section>
  );
}

interface ChipProps {
  count: string;
  pressed: boolean;
  onPress: () => void;
  children: React.ReactNode;
}

function Chip({ count, pressed, onPress, children }: ChipProps) {
  return (
    <button type="button" className="chip" aria-pressed={pressed} onClick={onPress}>
      {children}
      {/* A fixed width: the bar must not jump while counts arrive. */}
      <span className="count">{count}</span>
    </button>
  );
}
