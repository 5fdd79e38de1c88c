import { useQuery, useQueryClient } from '@tanstack/react-query';
import { ArrowLeft, ChevronLeft, ChevronRight } from 'lucide-react';
import { type ReactNode, type RefObject, useEffect, useRef, useState } from 'react';
import { Link, useLocation, useNavigate, useParams } from 'react-router';
import { toast } from 'sonner';
import { ApiError } from '@/api/problem';
import { ErrorPanel } from '@/components/ui/ErrorPanel';
import { useCopyLink } from '@/features/commands/api/useCopyLink';
import { incidentQuery } from '@/features/incidents/api/queries';
import { useIncidentEdit } from '@/features/incidents/api/useIncidentEdit';
import { useListWalk } from '@/features/incidents/api/useListWalk';
import { useActCommands, useTriage } from '@/features/incidents/api/useTriage';
import { useUndo } from '@/features/incidents/api/useUndo';
import { ConflictPanel } from '@/features/incidents/components/detail/ConflictPanel';
import { IncidentHeader } from '@/features/incidents/components/detail/IncidentHeader';
import { SummarySection } from '@/features/incidents/components/detail/SummarySection';
import { Timeline } from '@/features/incidents/components/detail/Timeline';
import { TimesSection } from '@/features/incidents/components/detail/TimesSection';
import { type Incident, incidentKey } from '@/features/incidents/model/incident';
import { useRememberRecent } from '@/features/incidents/model/recent';
import type { Target, TriagePatch } from '@/features/incidents/model/triage';
import { useRetry } from '@/hooks/useRetry';
import { tipOf, useCommand } from '@/lib/commands';
import { useHomePath } from '@/lib/home';
import { isPlainClick } from '@/lib/plain-click';
import { useCan } from '@/lib/session';
import '../detail.css';

export default function IncidentDetailPage() {
  const { id = '' } = useParams();
  const query = useQuery(incidentQuery(id, useQueryClient()));
  const { data, error } = query;
  // The incident itself takes the focus when it opens.
  const retry = useRetry(query, () =>
    document.querySelector<HTMLElement>('.state[role=alert] .btn'),
  );

  if (data) return <IncidentView incident={data} />;
  if (error instanceof ApiError && error.status === 404) return <NoSuchIncident id={id} />;
  if (error) {
    return (
      <div className="page">
        <title>{`${id} · Incident Tracker`}</title>
        <h1 className="sr-only">{id}</h1>
        <ErrorPanel title="The incident could not be loaded" error={error} onRetry={retry} />
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
  const canWrite = useCan('write');
  const article = useRef<HTMLElement>(null);
  const label = `${incidentKey(incident)} ${incident.title}`;
  useFocusAtOpening(article);

  async function choose(patch: TriagePatch) {
    const result = await edit.save(patch, incident);
    if (result.kind === 'failed') {
      toast.error(result.message, {
        action: { label: 'Retry', onClick: () => void choose(patch) },
      });
    }
  }

  // Acted upon as in the list, but for what is in dispute, which is decided here.
  const triage = { ...useTriage(), act: (_: Target, patch: TriagePatch) => void choose(patch) };
  useActCommands(() => ({ kind: 'some', incidents: [incident] }), triage);
  // In place rather than in a list beside it.
  useCommand('incident.assign', () =>
    article.current?.querySelector<HTMLElement>('button[data-edit=owner]')?.click(),
  );

  return (
    <article
      ref={article}
      className="page detail"
      tabIndex={-1}
      aria-label={label}
      data-keys="rows"
    >
      <title>{`${label} · Incident Tracker`}</title>
      <div className="detail-bar">
        <nav className="crumbs" aria-label="Breadcrumb">
          <BackToList />
          <span className="row-key">{incidentKey(incident)}</span>
        </nav>
        <ListWalk incident={incident} />
      </div>
      {canWrite && edit.conflict && (
        <ConflictPanel
          conflict={edit.conflict}
          incident={incident}
          edit={edit}
          isNews={edit.conflict !== leftOver}
        />
      )}
      <IncidentHeader incident={incident} edit={edit} choose={(patch) => void choose(patch)} />
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

/** The keys of an incident act where the focus is in it, so that is where it begins. */
function useFocusAtOpening(article: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const { activeElement } = document;
    const isElsewhere = activeElement !== document.body && activeElement?.id !== 'content';
    if (!isElsewhere) article.current?.focus({ preventScroll: true });
  }, [article]);
}

/** The way to the neighbours of the list that the incident was opened from, if it was opened from one. */
function ListWalk({ incident }: { incident: Incident }) {
  const walk = useListWalk(incident);
  const { previous = null, next = null } = walk ?? {};
  useCommand('incident.previous', () => previous?.(), { enabled: previous !== null });
  useCommand('incident.next', () => next?.(), { enabled: next !== null });
  if (walk === null) return null;
  return (
    <nav className="walk" aria-label="The list it was opened from">
      <WalkButton command="incident.previous" go={previous} label="Previous incident">
        <ChevronLeft aria-hidden="true" />
      </WalkButton>
      <span className="num">{walk.position}</span>
      <WalkButton command="incident.next" go={next} label="Next incident">
        <ChevronRight aria-hidden="true" />
      </WalkButton>
    </nav>
  );
}

interface WalkButtonProps {
  command: 'incident.previous' | 'incident.next';
  /** Null at the end of the list. */
  go: (() => void) | null;
  label: string;
  children: ReactNode;
}

function WalkButton({ command, go, label, children }: WalkButtonProps) {
  return (
    <button
      type="button"
      className="btn icon"
      aria-label={label}
      aria-disabled={go === null}
      data-tip={tipOf(command, label)}
      onClick={() => go?.()}
    >
      {children}
    </button>
  );
}

/** From the list it is the browser's own Back, so that the list is found as it was left. */
function BackToList() {
  const navigate = useNavigate();
  const fromList = useLocation().state?.fromList === true;
  const home = useHomePath();
  return (
    <Link
      className="link"
      to={home}
      onClick={(event) => {
        if (!fromList || !isPlainClick(event)) return;
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
      <Link className="btn" to={useHomePath()}>
        Open incidents
      </Link>
    </div>
  );
}
