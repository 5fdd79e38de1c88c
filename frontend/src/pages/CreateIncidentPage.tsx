import { useNavigate } from 'react-router';
import { toast } from 'sonner';
import { useCreateIncident } from '@/features/incidents/api/mutations';
import { IncidentForm } from '@/features/incidents/components/IncidentForm';
import { type IncidentDraft, incidentKey, incidentPath } from '@/features/incidents/model/incident';

export default function CreateIncidentPage() {
  const navigate = useNavigate();
  const create = useCreateIncident();

  async function send(draft: IncidentDraft) {
    const incident = await create.mutateAsync(draft);
    toast.success(`Created ${incidentKey(incident)}`);
    // Back from the new incident should not lead to an empty form.
    await navigate(incidentPath(incident), { replace: true });
  }

  return (
    <div className="page narrow">
      <title>New incident · Incident Tracker</title>
      <h1 className="page-title">New incident</h1>
      <IncidentForm onSend={send} />
    </div>
  );
}
