import { TimeAgo } from '@/components/TimeAgo';
import { useIncidentEdit } from '@/features/incidents/api/useIncidentEdit';
import { useUndo } from '@/features/incidents/api/useUndo';
import { IncidentFacts } from '@/features/incidents/components/detail/IncidentFacts';
import type { Incident } from '@/features/incidents/model/incident';

/** The facts as on the incident's own page, and editable as there. */
export function PeekFacts({ incident }: { incident: Incident }) {
  const { offer } = useUndo(incident);
  const edit = useIncidentEdit(incident.id, offer);
  return (
    <>
      <IncidentFacts
        incident={incident}
        shown={{ ...incident, ...(edit.pending as Partial<Incident>) }}
        choose={(patch) => void edit.save(patch, incident)}
        save={edit.save}
      />
      <p className="peek-times meta num">
        Started <TimeAgo at={incident.startedAt} label="Started" ago />
        {' · '}
        updated <TimeAgo at={incident.updatedAt} label="Updated" ago />
      </p>
    </>
  );
}
