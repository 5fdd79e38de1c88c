import { useQuery } from '@tanstack/react-query';
import { CircleCheck, Inbox, SearchX } from 'lucide-react';
import { Link } from 'react-router';
import type { Mistake } from '@/api/problem';
import { SeverityBadge } from '@/components/Badges';
import { TimeAgo } from '@/components/TimeAgo';
import { facetsQuery, listQuery } from '@/features/incidents/api/queries';
import { useDensity } from '@/features/incidents/model/density';
import { incidentPath } from '@/features/incidents/model/incident';
import { freeTextOf, readQuery, sameQuery, withoutField } from '@/features/incidents/model/query';
import { formatCount } from '@/lib/numbers';
import { DEFAULT_STATE, formatListState, type ListState, withFilter } from '@/lib/search-params';

const SKELETON_ROWS = 20;

/** Rows of the real height; CSS keeps them unseen for 150 ms, since most answers are faster. */
export function ListSkeleton() {
  const density = useDensity();
  return (
    <div className="skeletons" data-density={density} role="status" aria-label="Loading incidents">
      <div className="skeleton-head" />
      {Array.from({ length: SKELETON_ROWS }, (_, row) => (
        <div className="skeleton-row" key={row}>
          <div className="skeleton" style={{ width: `${32 + ((row * 37) % 40)}%` }} />
        </div>
      ))}
    </div>
  );
}

const EVERYTHING: ListState = { ...DEFAULT_STATE, q: '', sort: 'createdAt' };

interface EmptyListProps {
  state: ListState;
  total: number;
  totalIsExact: boolean;
}

/** No rows can mean four things: a page past the end, a filter too narrow, a quiet night, or a new tracker. */
export function EmptyList({ state, total, totalIsExact }: EmptyListProps) {
  // The counts by status leave the status filter out: where it is the only one, they tell of everything there is.
  const { data: facets, isPending, isPlaceholderData } = useQuery(facetsQuery(state));
  const byStatusOnly = readQuery(state.q).every(({ field }) => field === 'status');

  if (total > 0) {
    return (
      <div className="state">
        <SearchX aria-hidden="true" />
        <h2>This page is past the end</h2>
        <p>
          {total === 1
            ? 'One incident matches'
            : `${formatCount(total, totalIsExact)} incidents match`}
          , on fewer pages than that.
        </p>
        <Link
          className="btn"
          to={{ pathname: '/', search: formatListState(withFilter(state, {})) }}
        >
          First page
        </Link>
      </div>
    );
  }
  if (!byStatusOnly) return <NoMatch state={state} />;
  if (isPending || isPlaceholderData) return null;
  if (facets?.status.every(({ count }) => count === 0)) {
    return (
      <div className="state">
        <Inbox aria-hidden="true" />
        <h2>No incidents yet</h2>
        <p>When something breaks, write it down here: a title and a service are enough.</p>
        <Link className="btn primary" to="/incidents/new">
          New incident
        </Link>
      </div>
    );
  }
  return sameQuery(state.q, DEFAULT_STATE.q) ? <AllClear /> : <NoMatch state={state} />;
}

/** A link with a query that the server cannot read; with rows of an earlier one, the box alone tells it. */
export function UnreadableQuery({ mistakes }: { mistakes: readonly Mistake[] }) {
  return (
    <div className="state">
      <SearchX aria-hidden="true" />
      <h2>The search cannot be read</h2>
      {mistakes.map(({ start, message }) => (
        <p key={`${start} ${message}`}>{message}</p>
      ))}
      <Link className="btn primary" to={{ pathname: '/', search: formatListState(DEFAULT_STATE) }}>
        Clear
      </Link>
    </div>
  );
}

function NoMatch({ state }: { state: ListState }) {
  const words = freeTextOf(state.q);
  const inAnyStatus = withoutField(state.q, 'status');
  return (
    <div className="state">
      <SearchX aria-hidden="true" />
      <h2>Nothing matches</h2>
      <p>
        {words ? (
          <>
            No incident in this view matches <b>{words}</b>.
          </>
        ) : (
          'No incident matches these filters.'
        )}
      </p>
      <div className="row">
        <Link
          className="btn primary"
          to={{ pathname: '/', search: formatListState(DEFAULT_STATE) }}
        >
          Clear
        </Link>
        {inAnyStatus !== state.q && (
          <Link
            className="btn"
            to={{ pathname: '/', search: formatListState(withFilter(state, { q: inAnyStatus })) }}
          >
            Look in every status
          </Link>
        )}
      </div>
    </div>
  );
}

function AllClear() {
  const { data } = useQuery(listQuery({ ...EVERYTHING, q: 'sev:1', perPage: 25 }));
  const last = data?.items[0];
  return (
    <div className="state clear">
      <CircleCheck aria-hidden="true" />
      <h2>No open incidents</h2>
      {last && (
        <p>
          Last <SeverityBadge severity="SEV1" /> <TimeAgo at={last.startedAt} label="Started" ago />
          :{' '}
          <Link className="link" to={incidentPath(last)}>
            {last.title}
          </Link>
        </p>
      )}
    </div>
  );
}
