import { CircleAlert, GitCompareArrows, X } from 'lucide-react';
import type { MouseEvent } from 'react';
import { type Incident, incidentKey } from '@/features/incidents/model/incident';
import type { RowMark, Triage } from '@/features/incidents/model/triage';

/** Whether two marks say the same; they are made anew with every change of any row. */
export function sameMark(one: RowMark | undefined, other: RowMark | undefined): boolean {
  return (
    (one?.pending === undefined) === (other?.pending === undefined) &&
    one?.conflict?.by === other?.conflict?.by &&
    (one?.conflict === undefined) === (other?.conflict === undefined) &&
    one?.failed?.reason === other?.failed?.reason &&
    one?.failed?.canRetry === other?.failed?.canRetry
  );
}

/** The button goes away, and must not take the focus with it. */
function ended({ currentTarget }: MouseEvent<HTMLElement>, run: () => void) {
  currentTarget.closest('tr')?.querySelector<HTMLElement>('.row-link')?.focus();
  run();
}

interface Props {
  incident: Incident;
  /** It does not belong to the list any more. */
  left: boolean;
  mark: RowMark | undefined;
  triage: Triage;
}

/** Beside the title: what became of a change, where the row does not show that by itself. */
export function RowState({ incident, left, mark, triage }: Props) {
  const { id } = incident;
  const key = incidentKey(incident);
  if (mark?.failed) {
    const { reason, canRetry } = mark.failed;
    return (
      <span className="row-mark" data-kind="failed">
        <CircleAlert aria-hidden="true" />
        <span data-tip={reason}>{canRetry ? 'not saved' : 'deleted'}</span>
        {canRetry && (
          <button
            type="button"
            className="link"
            onClick={(event) => ended(event, () => triage.retry(id))}
          >
            Retry <span className="sr-only">{key}</span>
          </button>
        )}
        <button
          type="button"
          className="link"
          aria-label={`Dismiss what failed on ${key}`}
          onClick={(event) => ended(event, () => triage.dismiss(id))}
        >
          <X aria-hidden="true" />
        </button>
      </span>
    );
  }
  if (mark?.conflict) {
    return (
      <span className="row-mark" data-kind="conflict">
        <GitCompareArrows aria-hidden="true" />
        <span>
          changed by <b dir="auto">{mark.conflict.by ?? 'somebody'}</b>
        </span>
        <button type="button" className="link" onClick={() => triage.review(incident)}>
          review <span className="sr-only">{key}</span>
        </button>
      </span>
    );
  }
  return (
    <>
      {left && <span className="row-left">no longer in this list</span>}
      {/* Only where it takes long: the style sheet waits before it shows. */}
      {mark?.pending && (
        <span className="row-mark" data-kind="pending">
          saving…
        </span>
      )}
    </>
  );
}
