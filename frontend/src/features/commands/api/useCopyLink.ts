import { toast } from 'sonner';
import { type Incident, incidentKey, incidentPath } from '@/features/incidents/model/incident';
import { copyText } from '@/lib/clipboard';
import { useCommand } from '@/lib/commands';

/** Copies the links of the incidents that `targets` names when it is asked, each on a line of its own. */
export function useCopyLink(targets: () => readonly Incident[]): void {
  useCommand('incident.copyLink', () => void copyLinks(targets()), {
    applies: () => targets().length > 0,
  });
}

async function copyLinks(incidents: readonly Incident[]): Promise<void> {
  const [first] = incidents;
  if (!first) return;
  const links = incidents.map((one) => new URL(incidentPath(one), location.href).href).join('\n');
  const what =
    incidents.length === 1 ? `The link to ${incidentKey(first)}` : `${incidents.length} links`;
  if (await copyText(links)) toast(`${what} copied`);
  else toast.error('This browser does not let the page copy', { description: links });
}
