import { ArrowUp } from 'lucide-react';
import type { Ref } from 'react';
import { Kbd } from '@/components/ui/Kbd';
import { type Incident, incidentKey } from '@/features/incidents/model/incident';

interface Props {
  ref: Ref<HTMLButtonElement>;
  fresh: readonly Incident[];
  onLoad: () => void;
}

/** "3 new · 1 SEV1": what waits until somebody asks for it. It lies over the table, so that no row gives way to it. */
export function NewsPill({ ref, fresh, onLoad }: Props) {
  const worst = fresh.filter(({ severity }) => severity === 'SEV1');
  return (
    <div className="news">
      {fresh.length > 0 && (
        <button
          ref={ref}
          type="button"
          className="pill"
          data-worst={worst.length > 0 || undefined}
          onClick={onLoad}
        >
          <ArrowUp aria-hidden="true" />
          <span>
            {fresh.length} new
            {worst.length > 0 && ` · ${worst.length} SEV1`}
          </span>
          <Kbd command="list.load" />
        </button>
      )}
      <p className="sr-only" aria-live="polite">
        {fresh.length > 0 && `${fresh.length} new. The full stop key loads them.`}
      </p>
      {/* Only the worst may interrupt what is being read. */}
      <p className="sr-only" aria-live="assertive">
        {worst.map((incident) => `New SEV1: ${incidentKey(incident)} ${incident.title}. `).at(-1)}
      </p>
    </div>
  );
}
