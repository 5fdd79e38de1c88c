import type { ListState } from '@/lib/search-params';
import { type Incident, incidentKey } from './incident';

type Filter = Pick<ListState, 'search' | 'severity' | 'status' | 'service' | 'owner'>;

function among<T>(chosen: readonly T[], value: T): boolean {
  return chosen.length === 0 || chosen.includes(value);
}

/**
 * Whether the server would list an incident under this filter: every word of the search is in its title, service or
 * owner, letter case aside, or is its key.
 */
export function matches(incident: Incident, filter: Filter): boolean {
  const { title, service, owner } = incident;
  if (!among(filter.severity, incident.severity) || !among(filter.status, incident.status)) {
    return false;
  }
  if (!among(filter.service, service) || !among(filter.owner, owner)) return false;
  const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const text = `${title}\n${service}\n${owner ?? ''}`.toLowerCase();
  const key = incidentKey(incident).toLowerCase();
  return words.every((word) => word === key || text.includes(word));
}
