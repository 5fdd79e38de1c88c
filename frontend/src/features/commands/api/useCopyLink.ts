import { type Incident, incidentKey, incidentPath } from '@/features/incidents/model/incident';
import { copyLinks } from '@/lib/clipboard';
import { useCommand } from '@/lib/commands';

/** Copies the links of the incidents that `targets` names when it is asked, each on a line of its own. */
export function useCopyLink(targets: () => readonly Incident[]): void {
  useCommand('incident.copyLink', () => copyLinksTo(targets()), {
    applies: () => targets().length > 0,
  });
}

function copyLinksTo(incidents: readonly Incident[]): void {
  const [first] = incidents;
  if (!first) return;
  const what =
    incidents.length === 1 ? `The link to ${incidentKey(first)}` : `${incidents.length} links`;
  void copyLinks(incidents.map(incidentPath), what);
}
