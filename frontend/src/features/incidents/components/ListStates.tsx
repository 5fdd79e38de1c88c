import { useQueries, useQuery } from '@tanstack/react-query';
import { CircleCheck, Inbox, SearchX } from 'lucide-react';
import { Link } from 'react-router';
import type { Mistake } from '@/api/problem';
import { SeverityBadge } from '@/components/Badges';
import { TimeAgo } from '@/components/TimeAgo';
import { facetsQuery, listQuery } from '@/features/incidents/api/queries';
import { useDensity } from '@/features/incidents/model/density';
import { incidentPath } from '@/features/incidents/model/incident';
import { freeTextOf, readQuery, sameQuery, withoutEach } from '@/features/incidents/model/query';
import { formatCount } from '@/lib/numbers';
import { DEFAULT_STATE, formatListState, type ListState, withFilter } from '@/lib/search-params';
import { useCan } from '@/lib/session';

const SKELETON_ROWS = 20;

/** Rows of the real height; CSS keeps them unseen for 150 ms, since most answers are faster. */
export function ListSkeleton() {
  const density = useDensity();
  return (
    <div className="skeletons" data-density={density} role="status" aria-label="Loading incidents">
      <div className="skeleton-head" />
      {Array.from({ length: SKELETON_ROWS }, (_, row) => (
        <div className="skeleton-row" key={row}>
          <div className="skeleton" />
          <div className="skeleton" />
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
  const canWrite = useCan('write');
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
          className="btn primary"
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
    if (!canWrite) {
      return (
        <div className="state">
          <Inbox aria-hidden="true" />
          <h2>No incidents yet</h2>
        </div>
      );
    }
    return (
      <div className="state">
        <Inbox aria-hidden="true" />
        <h2>No incidents yet</h2>
        <p>When something breaks, write it down here: a title and a service are enough.</p>
        <Link className="btn primary" to="/incidents/new">
          New incident
        </Link>
        <p className="hint">
          To look around first, fill it with demo incidents: <code>python seed.py</code> in the
          folder of the server. Programs report through <code>POST /api/incidents</code>, described
          in the <a href="/api/docs">API’s own pages</a>.
        </p>
      </div>
    );
  }
  return sameQuery(state.q, DEFAULT_STATE.q) ? <AllClear /> : <NoMatch state={state} />;
}

/** A link with a query that the server cannot read; with rows of an earlier one, the box alone tells it. */
export function UnreadableQuery({ q, mistakes }: { q: string; mistakes: readonly Mistake[] }) {
  return (
    <div className="state">
      <SearchX aria-hidden="true" />
      <h2>The search cannot be read</h2>
      {mistakes.map(({ start, end, message }) => (
        <p key={`${start} ${message}`}>
          <code>{[...q].slice(start, end).join('')}</code> {message}
        </p>
      ))}
      <Link className="btn primary" to={{ pathname: '/', search: formatListState(DEFAULT_STATE) }}>
        Clear
      </Link>
    </div>
  );
}

/** More than that are not asked about one by one. */
const TERMS_ASKED = 6;

function NoMatch({ state }: { state: ListState }) {
  const words = freeTextOf(state.q);
  const ways = withoutEach(state.q);
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
      {ways.length > 1 && ways.length <= TERMS_ASKED && <WaysOut state={state} ways={ways} />}
      <Link className="btn primary" to={{ pathname: '/', search: formatListState(DEFAULT_STATE) }}>
        Clear
      </Link>
    </div>
  );
}

interface WaysOutProps {
  state: ListState;
  ways: ReturnType<typeof withoutEach>;
}

/** Which of the terms is in the way: what there would be without it. */
function WaysOut({ state, ways }: WaysOutProps) {
  const without = ways.map(({ rest }) => withFilter(state, { q: rest, perPage: 25 }));
  const answers = useQueries({ queries: without.map((less) => listQuery(less)) });
  return (
    <ul className="ways-out">
      {ways.map(({ term, rest }, index) => {
        const answer = answers[index];
        const { data, isPlaceholderData = true } = answer ?? {};
        // They come one by one; a line that is empty until then keeps the others where they are.
        const total = isPlaceholderData ? undefined : data?.total;
        return (
          <li key={rest}>
            <Link
              className="link"
              to={{ pathname: '/', search: formatListState(withFilter(state, { q: rest })) }}
            >
              Without <code>{term}</code>
            </Link>
            <span className="count">
              {total !== undefined && formatCount(total, data?.totalIsExact)}
            </span>
          </li>
        );
      })}
    </ul>
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
