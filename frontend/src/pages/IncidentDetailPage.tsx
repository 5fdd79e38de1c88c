import { useQuery, useQueryClient } from '@tanstack/react-query';
import { ArrowLeft } from 'lucide-react';
import { useState } from 'react';
import { Link, useLocation, useNavigate, useParams } from 'react-router';
import { ApiError } from '@/api/problem';
import { ErrorPanel } from '@/components/ui/ErrorPanel';
import { useCopyLink } from '@/features/commands/api/useCopyLink';
import { incidentQuery } from '@/features/incidents/api/queries';
import { useIncidentEdit } from '@/features/incidents/api/useIncidentEdit';
import { useUndo } from '@/features/incidents/api/useUndo';
import { ConflictPanel } from '@/features/incidents/components/detail/ConflictPanel';
import { IncidentHeader } from '@/features/incidents/components/detail/IncidentHeader';
import { SummarySection } from '@/features/incidents/components/detail/SummarySection';
import { Timeline } from '@/features/incidents/components/detail/Timeline';
import { TimesSection } from '@/features/incidents/components/detail/TimesSection';
import { type Incident, incidentKey } from '@/features/incidents/model/incident';
import { useRememberRecent } from '@/features/incidents/model/recent';
import '../detail.css';

export default function IncidentDetailPage() {
  const { id = '' } = useParams();
  const { data, error, refetch } = useQuery(incidentQuery(id, useQueryClient()));

  if (data) return <IncidentView incident={data} />;
  if (error instanceof ApiError && error.status === 404) return <NoSuchIncident id={id} />;
  if (error) {
    return (
      <div className="page">
        <title>{`${id} · Incident Tracker`}</title>
        <h1 className="sr-only">{id}</h1>
        <ErrorPanel
          title="The incident could not be loaded"
          error={error}
          onRetry={() => void refetch()}
        />
      </div>
    );
  }
  return (
    <div className="page skeletons" role="status" aria-label="Loading the incident">
      <div className="skeleton h-7 w-2/3" />
      <div className="skeleton mt-6 h-8 w-full" />
      <div className="skeleton mt-8 h-40 w-full" />
    </div>
  );
}

function IncidentView({ incident }: { incident: Incident }) {
  const undo = useUndo(incident);
  const edit = useIncidentEdit(incident.id);
  useRememberRecent(incident);
  useCopyLink(() => [incident]);
  // A conflict that was left undecided is there again when the page opens.
  const [leftOver] = useState(edit.conflict);
  return (
    <article className="page detail" data-keys="rows">
      <title>{`${incidentKey(incident)} ${incident.title} · Incident Tracker`}</title>
      <nav className="crumbs" aria-label="Breadcrumb">
        <BackToList />
        <span className="row-key">{incidentKey(incident)}</span>
      </nav>
      {edit.conflict && (
        <ConflictPanel
          conflict={edit.conflict}
          incident={incident}
          edit={edit}
          isNews={edit.conflict !== leftOver}
        />
      )}
      <IncidentHeader incident={incident} edit={edit} />
      <div className="detail-columns">
        <div>
          <SummarySection incident={incident} edit={edit} />
          <Timeline incident={incident} undo={undo} />
        </div>
        <TimesSection incident={incident} edit={edit} />
      </div>
    </article>
  );
}

/** From the list it is the browser's own Back, so that the list is found as it was left. */
function BackToList() {
  const navigate = useNavigate();
  const fromList = useLocation().state?.fromList === true;
  return (
    <Link
      className="link"
      to="/"
      onClick={(event) => {
        if (!fromList || event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        void navigate(-1);
      }}
    >
      <ArrowLeft aria-hidden="true" />
      Incidents
    </Link>
  );
}

function NoSuchIncident({ id }: { id: string }) {
  return (
    <div className="state">
      <title>Not found · Incident Tracker</title>
      <p className="code">404</p>
      <h1>There is no incident {id}</h1>
      <p>The number may be mistyped, or the link may come from another tracker.</p>
      <Link className="btn" to="/">
        Open incidents
      </Link>
    </div>
  );
}
