import { ChevronLeft, ChevronRight } from 'lucide-react';
import { Link } from 'react-router';
import { tipOf } from '@/lib/commands';
import { formatCount } from '@/lib/numbers';
import { PER_PAGE } from '@/lib/search-params';

/** A page of the list as the server answered it. */
interface Answer {
  /** Null only after a cursor, which the list never asks with. */
  page: number | null;
  perPage: number;
  items: readonly unknown[];
  total: number;
  totalIsExact: boolean;
  pages: number;
  nextCursor: string | null;
}

interface Props {
  answer: Answer;
  /** The page that is asked for; its answer may still be on its way. */
  page: number;
  perPage: number;
  hrefFor: (page: number) => string;
  onPerPage: (perPage: number) => void;
}

/** "1–50 of 214": always of the rows on the screen, also while others are on their way. */
export function rangeText({ page, perPage, items, total, totalIsExact }: Answer): string {
  const first = ((page ?? 1) - 1) * perPage + 1;
  const all = formatCount(total, totalIsExact);
  if (items.length === 0) return `0 of ${all}`;
  return `${formatCount(first)}–${formatCount(first + items.length - 1)} of ${all}`;
}

/** Where counting stopped, there are more pages than the counted ones. */
export function hasNextPage(page: number, { pages, totalIsExact, nextCursor }: Answer): boolean {
  return page < pages || (!totalIsExact && nextCursor !== null);
}

/** Past the end the way back leads to the last page that exists. */
export function previousPage(page: number, pages: number): number {
  return Math.min(page - 1, Math.max(1, pages));
}

export function Pagination(props: Props) {
  const { answer, page, perPage, hrefFor, onPerPage } = props;
  const { pages, totalIsExact } = answer;
  return (
    <nav className="pagination" aria-label="Pages">
      <span className="num">{rangeText(answer)}</span>
      <label className="per-page">
        Rows
        <select value={perPage} onChange={(event) => onPerPage(Number(event.target.value))}>
          {PER_PAGE.map((size) => (
            <option key={size}>{size}</option>
          ))}
        </select>
      </label>
      <span className="pager">
        <PageLink
          to={page > 1 ? hrefFor(previousPage(page, pages)) : null}
          command="page.previous"
          label="Previous page"
        >
          <ChevronLeft aria-hidden="true" />
        </PageLink>
        <span className="num">
          Page {formatCount(page)} of {formatCount(Math.max(1, pages), totalIsExact)}
        </span>
        <PageLink
          to={hasNextPage(page, answer) ? hrefFor(page + 1) : null}
          command="page.next"
          label="Next page"
        >
          <ChevronRight aria-hidden="true" />
        </PageLink>
      </span>
    </nav>
  );
}

interface PageLinkProps {
  to: string | null;
  command: 'page.previous' | 'page.next';
  label: string;
  children: React.ReactNode;
}

function PageLink({ to, command, label, children }: PageLinkProps) {
  if (to === null) {
    return (
      <span className="btn icon" role="link" aria-disabled="true" aria-label={label}>
        {children}
      </span>
    );
  }
  return (
    <Link className="btn icon" to={to} aria-label={label} data-tip={tipOf(command, label)}>
      {children}
    </Link>
  );
}
