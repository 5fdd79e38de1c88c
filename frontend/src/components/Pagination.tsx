import { ChevronLeft, ChevronRight } from 'lucide-react';
import { Link } from 'react-router';
import { PER_PAGE } from '@/lib/search-params';

interface Props {
  page: number;
  pages: number;
  perPage: number;
  total: number;
  totalIsExact: boolean;
  /** How many rows this page shows. */
  shown: number;
  hrefFor: (page: number) => string;
  onPerPage: (perPage: number) => void;
}

const number = new Intl.NumberFormat('en');

/** "1–50 of 214"; "0 of 0" never: an empty list has its own words. */
export function rangeText(
  props: Pick<Props, 'page' | 'perPage' | 'total' | 'totalIsExact' | 'shown'>,
) {
  const first = (props.page - 1) * props.perPage + 1;
  const total = `${number.format(props.total)}${props.totalIsExact ? '' : '+'}`;
  if (props.shown === 0) return `0 of ${total}`;
  return `${number.format(first)}–${number.format(first + props.shown - 1)} of ${total}`;
}

/** Past the end the way back leads to the last page that exists. */
export function previousPage(page: number, pages: number): number {
  return Math.min(page - 1, Math.max(1, pages));
}

export function Pagination(props: Props) {
  const { page, pages, perPage, hrefFor, onPerPage } = props;
  return (
    <nav className="pagination" aria-label="Pages">
      <span className="num">{rangeText(props)}</span>
      <label className="per-page">
        Rows
        <select value={perPage} onChange={(event) => onPerPage(Number(event.target.value))}>
          {PER_PAGE.map((size) => (
            <option key={size}>{size}</option>
          ))}
        </select>
      </label>
      <span className="pager">
        <PageLink to={page > 1 ? hrefFor(previousPage(page, pages)) : null} label="Previous page">
          <ChevronLeft aria-hidden="true" />
        </PageLink>
        <span className="num">
          Page {number.format(page)} of {number.format(Math.max(1, pages))}
        </span>
        <PageLink to={page < pages ? hrefFor(page + 1) : null} label="Next page">
          <ChevronRight aria-hidden="true" />
        </PageLink>
      </span>
    </nav>
  );
}

interface PageLinkProps {
  to: string | null;
  label: string;
  children: React.ReactNode;
}

function PageLink({ to, label, children }: PageLinkProps) {
  if (to === null) {
    return (
      <span className="btn icon" role="link" aria-disabled="true" aria-label={label}>
        {children}
      </span>
    );
  }
  return (
    <Link className="btn icon" to={to} aria-label={label}>
      {children}
    </Link>
  );
}
