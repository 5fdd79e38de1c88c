import type { Severity, Status } from '@/lib/search-params';

/*
 * Severity and status are told by text, shape, weight and colour together, so that none of them is needed alone.
 * Plain elements: a list draws a hundred of them.
 */
export function SeverityBadge({ severity }: { severity: Severity }) {
  return <span className={`sev sev-${severity.slice(3)}`}>{severity}</span>;
}

const STATUS_LABELS: Record<Status, string> = {
  OPEN: 'Open',
  MITIGATED: 'Mitigated',
  RESOLVED: 'Resolved',
};

export function StatusBadge({ status }: { status: Status }) {
  return (
    <span className={`status status-${status.toLowerCase()}`}>
      <StatusShape status={status} />
      {STATUS_LABELS[status]}
    </span>
  );
}

/** ● open, ◐ mitigated, ✓ resolved: drawn, since fonts draw these characters very differently. */
function StatusShape({ status }: { status: Status }) {
  return (
    <svg viewBox="0 0 12 12" width="10" height="10" aria-hidden="true">
      {status === 'OPEN' && <circle cx="6" cy="6" r="5" fill="currentColor" />}
      {status === 'MITIGATED' && (
        <>
          <circle cx="6" cy="6" r="4.5" fill="none" stroke="currentColor" strokeWidth="1.5" />
          <path d="M6 1.5a4.5 4.5 0 0 0 0 9z" fill="currentColor" />
        </>
      )}
      {status === 'RESOLVED' && (
        <path d="M1.5 6.5 4.8 10 10.5 2.5" fill="none" stroke="currentColor" strokeWidth="2" />
      )}
    </svg>
  );
}
