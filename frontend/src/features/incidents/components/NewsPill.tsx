import { ArrowUp } from 'lucide-react';
import type { Ref } from 'react';
import { Kbd } from '@/components/ui/Kbd';
import { type Incident, incidentKey } from '@/features/incidents/model/incident';
import { useAnnouncement } from '@/hooks/useAnnouncement';
import { useKeysOf } from '@/lib/commands';

/** In a storm nobody can listen to every incident. */
const TOLD_MS = 10_000;
/** The worst are told at once, and what comes just after them together. */
const WORST_TOLD_MS = 5_000;

interface Props {
  ref: Ref<HTMLButtonElement>;
  fresh: readonly Incident[];
  onLoad: () => void;
}

/** "3 new · 1 SEV1": what waits until somebody asks for it. It lies over the table, so that no row gives way to it. */
export function NewsPill({ ref, fresh, onLoad }: Props) {
  const worst = fresh.filter(({ severity }) => severity === 'SEV1');
  const canLoadByKey = useKeysOf('list.load') !== null;
  const sum = fresh.length === 0 ? '' : `${fresh.length} new.`;
  const news = useAnnouncement(
    sum && canLoadByKey ? `${sum} The full stop key loads them.` : sum,
    TOLD_MS,
  );
  const alarm = useAnnouncement(alarmOf(worst), WORST_TOLD_MS);
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
        {news}
      </p>
      {/* Only the worst may interrupt what is being read. */}
      <p className="sr-only" aria-live="assertive">
        {alarm}
      </p>
    </div>
  );
}

function alarmOf(worst: readonly Incident[]): string {
  const latest = worst.at(-1);
  if (latest === undefined) return '';
  const which = `${incidentKey(latest)} ${latest.title}.`;
  return worst.length === 1
    ? `New SEV1: ${which}`
    : `${worst.length} new SEV1, the latest ${which}`;
}
