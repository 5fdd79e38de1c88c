import { useState } from 'react';
import { Link, useLocation, useNavigate } from 'react-router';
import { toast } from 'sonner';
import { useCreateIncident } from '@/features/incidents/api/mutations';
import { IncidentForm } from '@/features/incidents/components/create/IncidentForm';
import { addToCommentDraft } from '@/features/incidents/model/comment-draft';
import { type FormValues, settleDraft } from '@/features/incidents/model/form-draft';
import {
  type Incident,
  type IncidentDraft,
  incidentKey,
  incidentPath,
} from '@/features/incidents/model/incident';
import { rememberService } from '@/features/incidents/model/likely-services';
import { useHomePath } from '@/lib/home';
import { useCan } from '@/lib/session';
import '../create.css';

export default function CreateIncidentPage() {
  const canWrite = useCan('write');
  // Whose role is taken away meanwhile keeps what they have typed, and is told when they send it.
  const [couldWrite, setCouldWrite] = useState(canWrite);
  if (canWrite && !couldWrite) setCouldWrite(true);
  return couldWrite ? <CreatePage /> : <NotForViewers />;
}

/** The way here is a link that somebody has followed. */
function NotForViewers() {
  return (
    <div className="state">
      <title>New incident · Incident Tracker</title>
      <h1>You may look, not change</h1>
      <p>A new incident needs the role of a responder, which an admin can give you.</p>
      <Link className="btn" to={useHomePath()}>
        Open incidents
      </Link>
    </div>
  );
}

function CreatePage() {
  const navigate = useNavigate();
  const { state } = useLocation();
  const create = useCreateIncident();

  async function send(draft: IncidentDraft) {
    const incident = await create.mutateAsync(draft);
    rememberService(incident.service);
    toast.success(`${incidentKey(incident)} created`);
    // Back from the new incident should not lead to an empty form.
    await navigate(incidentPath(incident), { replace: true });
  }

  function goTo(incident: Incident, values: FormValues, summaryGoesAlong: boolean) {
    settleDraft(values);
    if (summaryGoesAlong) {
      addToCommentDraft(incident.id, values.summary.trim());
      toast(`Your summary is in the comment box of ${incidentKey(incident)}, not sent yet`);
    }
    void navigate(incidentPath(incident));
  }

  return (
    <div className="page create">
      <title>New incident · Incident Tracker</title>
      <h1 className="page-title">New incident</h1>
      <IncidentForm
        listSearch={typeof state?.list === 'string' ? state.list : null}
        onSend={send}
        onFound={goTo}
      />
    </div>
  );
}
