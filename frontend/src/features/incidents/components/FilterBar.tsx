import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { Link } from 'react-router';
import { SeverityBadge, StatusBadge } from '@/components/Badges';
import { facetsQuery } from '@/features/incidents/api/queries';
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

function toggled<T>(all: readonly T[], chosen: readonly T[], value: T): T[] {
  const next = chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value];
  // All of them at once filter nothing.
  return next.length === all.length ? [] : next;
}

export function FilterBar({ state, onChange }: Props) {
  const { data: facets, isPlaceholderData } = useQuery(facetsQuery(state));
  // Under a search that matches very much the server estimates.
  const formatOf = (facet: Facet) =>
    facets?.estimated.includes(facet) ? formatEstimate : formatCount;
  const countOf = (facet: 'severity' | 'status', value: string) => {
    const count = facets?.[facet].find((one) => one.value === value)?.count;
    return count === undefined ? '' : formatOf(facet)(count);
  };

  const cleared = formatListState(
    withFilter(state, {
      search: '',
      severity: [],
      status: DEFAULT_STATE.status,
      service: [],
      owner: [],
    }),
  );
  const isFiltered = cleared !== formatListState(withFilter(state, {}));

  return (
    <section className="filterbar" aria-label="Filters" data-stale={isPlaceholderData || undefined}>
      <div className="chips" role="group" aria-label="Severity">
        {SEVERITIES.map((severity) => (
          <Chip
            key={severity}
            count={countOf('severity', severity)}
            pressed={state.severity.includes(severity)}
            onPress={() => onChange({ severity: toggled(SEVERITIES, state.severity, severity) })}
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
            pressed={state.status.includes(status)}
            onPress={() => onChange({ status: toggled(STATUSES, state.status, status) })}
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
          chosen={state.service}
          onChange={(service) => onChange({ service: service.filter((one) => one !== null) })}
        />
        <FacetPicker
          name="Owner"
          none="Unassigned"
          counts={facets?.owner}
          format={formatOf('owner')}
          chosen={state.owner}
          onChange={(owner) => onChange({ owner })}
        />
        {isFiltered && (
          <Link className="btn ghost" to={{ pathname: '/', search: cleared }}>
            <X aria-hidden="true" />
            Clear
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
