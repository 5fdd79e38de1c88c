import { TriangleAlert } from 'lucide-react';
import { TimeAgo } from '@/components/TimeAgo';
import { useTriage } from '@/features/incidents/api/useTriage';
import { IncidentFacts } from '@/features/incidents/components/detail/IncidentFacts';
import type { Incident } from '@/features/incidents/model/incident';
import type { TriagePatch } from '@/features/incidents/model/triage';

/** The facts as on the incident's own page, where a press acts as the keys of the row do. */
export function PeekFacts({ incident }: { incident: Incident }) {
  const triage = useTriage();
  const conflict = triage.marks.get(incident.id)?.conflict;
  const act = (patch: TriagePatch) => triage.act({ kind: 'some', incidents: [incident] }, patch);

  return (
    <>
      <IncidentFacts
        incident={incident}
        shown={triage.shown(incident)}
        choose={act}
        save={async (patch) => {
          // It is shown at once. What becomes of it is told at the row and by a message, whichever row is peeked at then.
          act(patch);
          return { kind: 'saved', incident };
        }}
      />
      {conflict ? (
        <p className="peek-times conflicting">
          <TriangleAlert aria-hidden="true" />
          <span>Changed by {conflict.by ?? 'somebody else'} meanwhile</span>
          <button type="button" className="link" onClick={() => triage.review(incident)}>
            Review
          </button>
        </p>
      ) : (
        <p className="peek-times meta num">
          Started <TimeAgo at={incident.startedAt} label="Started" ago />
          {' · '}
          updated <TimeAgo at={incident.updatedAt} label="Updated" ago />
        </p>
      )}
    </>
  );
}
