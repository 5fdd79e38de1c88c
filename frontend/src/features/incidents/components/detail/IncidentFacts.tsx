import { useRef } from 'react';
import { SeverityBadge, StatusBadge } from '@/components/Badges';
import type { SaveResult } from '@/features/incidents/api/useIncidentEdit';
import { SlaMark } from '@/features/incidents/components/SlaMark';
import type { Incident } from '@/features/incidents/model/incident';
import type { TriagePatch } from '@/features/incidents/model/triage';
import { checkText, LIMITS } from '@/features/incidents/model/validate';
import { useDisplayName } from '@/lib/display-name';
import { SEVERITIES, STATUSES } from '@/lib/search-params';
import { useCan } from '@/lib/session';
import { EditableText } from './EditableText';
import { Segments } from './Segments';

interface Props {
  incident: Incident;
  /** The same with what is on its way: a choice is shown at once, and falls back when the server refuses it. */
  shown: Incident;
  /** Writes what was chosen at once. */
  choose: (patch: TriagePatch) => void;
  /** Writes what was typed, which stays in its field where that fails. */
  save: (patch: TriagePatch, base: Incident) => Promise<SaveResult>;
}

/** The four facts that a responder changes all the time: each one press or one field away. */
export function IncidentFacts({ incident, shown, choose, save }: Props) {
  const me = useDisplayName();
  const canAct = useCan('write');
  const ownerFact = useRef<HTMLElement>(null);
  return (
    <dl className="facts">
      <div>
        <dt>Status</dt>
        <dd>
          <Segments
            label="Status"
            options={STATUSES}
            value={shown.status}
            onChoose={(status) => choose({ status })}
            render={(status) => <StatusBadge status={status} />}
          />
          <SlaMark incident={shown} />
        </dd>
      </div>
      <div>
        <dt>Severity</dt>
        <dd>
          <Segments
            label="Severity"
            options={SEVERITIES}
            value={shown.severity}
            onChoose={(severity) => choose({ severity })}
            render={(severity) => <SeverityBadge severity={severity} />}
          />
        </dd>
      </div>
      <div>
        <dt>Service</dt>
        <dd>
          <EditableText
            label="Service"
            value={shown.service}
            base={incident}
            maxLength={LIMITS.service}
            check={(text) => checkText('service', text)}
            suggest="service"
            onSave={(service, base) => save({ service }, base)}
          />
        </dd>
      </div>
      <div>
        <dt>Owner</dt>
        <dd ref={ownerFact}>
          <EditableText
            label="Owner"
            value={shown.owner ?? ''}
            empty="Unassigned"
            base={incident}
            maxLength={LIMITS.owner}
            check={(text) => checkText('owner', text)}
            suggest="owner"
            onSave={(owner, base) => save({ owner: owner || null }, base)}
          />
          {canAct && me && shown.owner !== me && (
            <button
              type="button"
              className="link"
              onClick={() => {
                // The button goes away with the success, and must not take the focus with it.
                ownerFact.current?.querySelector('button')?.focus();
                choose({ owner: me });
              }}
            >
              Assign to me
            </button>
          )}
        </dd>
      </div>
    </dl>
  );
}
