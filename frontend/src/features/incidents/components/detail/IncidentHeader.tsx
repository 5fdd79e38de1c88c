import type { IncidentEdit } from '@/features/incidents/api/useIncidentEdit';
import type { Incident } from '@/features/incidents/model/incident';
import type { TriagePatch } from '@/features/incidents/model/triage';
import { checkText, LIMITS } from '@/features/incidents/model/validate';
import { EditableText } from './EditableText';
import { IncidentFacts } from './IncidentFacts';

interface Props {
  incident: Incident;
  edit: IncidentEdit;
  choose: (patch: TriagePatch) => void;
}

/** The title, and the facts below it. */
export function IncidentHeader({ incident, edit, choose }: Props) {
  const shown: Incident = { ...incident, ...(edit.pending as Partial<Incident>) };
  return (
    <header className="detail-header">
      <EditableText
        label="Title"
        as="h1"
        value={incident.title}
        base={incident}
        maxLength={LIMITS.title}
        check={(text) => checkText('title', text)}
        onSave={(title, base) => edit.save({ title }, base)}
      />
      <IncidentFacts incident={incident} shown={shown} choose={choose} save={edit.save} />
    </header>
  );
}
