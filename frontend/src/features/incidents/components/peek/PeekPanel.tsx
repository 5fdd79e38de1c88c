import { useQuery, useQueryClient } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { type MouseEvent, type Ref, useEffect } from 'react';
import { useNavigate } from 'react-router';
import { Kbd } from '@/components/ui/Kbd';
import { incidentQuery } from '@/features/incidents/api/queries';
import { usePrefetchedEvents } from '@/features/incidents/api/usePrefetchedEvents';
import { type Incident, incidentKey, incidentPath } from '@/features/incidents/model/incident';
import { useDebounce } from '@/hooks/useDebounce';
import { tipOf } from '@/lib/commands';
import { isPlainClick } from '@/lib/plain-click';
import { PeekBody, REST_MS } from './PeekBody';
import { PeekFacts } from './PeekFacts';
import './peek.css';

interface Props {
  ref: Ref<HTMLElement>;
  id: string;
  /** The row as the list has it; undefined once it has left the page. */
  row: Incident | undefined;
  /** The ids of the rows around it, the nearest first. */
  near: readonly string[];
  /** Told before the page of the incident opens. */
  onOpen: (incident: Incident) => void;
  onClose: () => void;
}

/**
 * What is known of one incident, at places that do not depend on how much that is, so that nothing jumps while row
 * after row goes by. The list's answers hold incidents whole and are kept up to date, so only histories are asked for.
 */
export function PeekPanel({ ref, id, row, near, onOpen, onClose }: Props) {
  const query = incidentQuery(id, useQueryClient());
  const { data, error } = useQuery({ ...query, enabled: row === undefined });
  usePrefetchedEvents(id, near, useDebounce(id, REST_MS) === id);
  const navigate = useNavigate();
  useEffect(() => {
    // On a small window the row may now be below it.
    document.activeElement?.closest('tr')?.scrollIntoView({ block: 'nearest' });
  }, []);
  // The answer to a change made here is newer than the row.
  const incident = row && data && data.version > row.version ? data : (row ?? data);

  function open(event: MouseEvent) {
    if (!incident || !isPlainClick(event)) return;
    event.preventDefault();
    onOpen(incident);
    void navigate(incidentPath(incident), { state: { fromList: true } });
  }

  return (
    <aside
      ref={ref}
      className="peek"
      aria-label={incident ? `${incidentKey(incident)} ${incident.title}` : 'Incident'}
      data-keys="rows"
      data-id={id}
    >
      <div className="peek-parts">
        <header className="peek-head">
          <span className="row-key">{incident && incidentKey(incident)}</span>
          {incident && (
            <a className="btn small" href={incidentPath(incident)} onClick={open}>
              Open <Kbd command="row.open" />
            </a>
          )}
          <button
            type="button"
            className="btn ghost icon small"
            aria-label="Close the peek"
            data-tip={tipOf('close', 'Close')}
            onClick={onClose}
          >
            <X aria-hidden="true" />
          </button>
        </header>
        {incident && (
          <>
            <h2 className="peek-title">
              <a href={incidentPath(incident)} dir="auto" onClick={open}>
                {incident.title}
              </a>
            </h2>
            <PeekFacts key={id} incident={incident} />
          </>
        )}
        {incident && <PeekBody incident={incident} onOpen={open} />}
        {!incident && error && (
          <p className="note bad" role="alert">
            The incident could not be loaded. {error.message}
          </p>
        )}
      </div>
    </aside>
  );
}
