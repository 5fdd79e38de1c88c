import type { Severity } from '@/lib/search-params';
import { HOUR } from '@/lib/time';
import type { Incident } from './incident';

/** Mitigate within, by severity. */
export const TARGET_MS: Record<Severity, number> = {
  SEV1: HOUR,
  SEV2: 4 * HOUR,
  SEV3: 24 * HOUR,
  SEV4: 72 * HOUR,
};

/** From this share of the target on, the clock is shown. */
const NEAR = 0.75;

type SlaState =
  | { kind: 'ok'; leftMs: number }
  | { kind: 'near'; leftMs: number }
  | { kind: 'over'; overMs: number };

/** How an open incident stands against its target; null once it is mitigated or resolved: the clock has stopped. */
export function slaOf(
  incident: Pick<Incident, 'severity' | 'status' | 'startedAt'>,
  now: number,
): SlaState | null {
  if (incident.status !== 'OPEN') return null;
  const target = TARGET_MS[incident.severity];
  const elapsed = now - Date.parse(incident.startedAt);
  if (elapsed > target) return { kind: 'over', overMs: elapsed - target };
  const kind = elapsed >= target * NEAR ? 'near' : 'ok';
  return { kind, leftMs: target - elapsed };
}
