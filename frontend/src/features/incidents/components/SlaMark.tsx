import { Clock } from 'lucide-react';
import type { Incident } from '@/features/incidents/model/incident';
import { slaOf, TARGET_MS } from '@/features/incidents/model/sla';
import { formatAge, formatDuration, useNow } from '@/lib/time';

/** Nothing while there is time, a clock from 75 % of the target on, ▲ and how far over once it has passed. */
export function SlaMark({ incident }: { incident: Incident }) {
  const sla = slaOf(incident, useNow());
  if (sla === null || sla.kind === 'ok') return null;
  const target = `Target: mitigated within ${formatDuration(TARGET_MS[incident.severity])}`;
  if (sla.kind === 'near') {
    const left = formatDuration(sla.leftMs);
    return (
      <span className="sla" data-tip={`${target}. ${left} left`}>
        <Clock aria-hidden="true" />
        <span className="sr-only">{left} left to mitigate</span>
      </span>
    );
  }
  return (
    <strong className="sla over" data-tip={`${target}. ${formatDuration(sla.overMs)} past it`}>
      <span aria-hidden="true">▲</span>
      <span className="sr-only">Past its target by </span>+{formatAge(sla.overMs)}
    </strong>
  );
}
