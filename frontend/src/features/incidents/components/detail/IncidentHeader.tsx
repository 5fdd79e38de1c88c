import { useRef } from 'react';
import { toast } from 'sonner';
import { SeverityBadge, StatusBadge } from '@/components/Badges';
import type { IncidentEdit, SaveResult } from '@/features/incidents/api/useIncidentEdit';
import { SlaMark } from '@/features/incidents/components/SlaMark';
import type { Incident, IncidentPatch } from '@/features/incidents/model/incident';
import { checkText, LIMITS } from '@/features/incidents/model/validate';
import { useDisplayName } from '@/lib/display-name';
import { SEVERITIES, STATUSES } from '@/lib/search-params';
import { EditableText } from './EditableText';
import { Segments } from './Segments';

interface Props {
  incident: Incident;
  edit: IncidentEdit;
}

/** Title, and the four facts that a responder changes all the time: each one press or one field away. */
export function IncidentHeader({ incident, edit }: Props) {
  const me = useDisplayName();
  const ownerFact = useRef<HTMLElement>(null);
  // A choice is shown at once; when the server refuses it, it falls back and the reason is told.
  const shown: Incident = { ...incident, ...(edit.pending as Partial<Incident>) };

  async function choose(patch: IncidentPatch) {
    const result = await edit.save(patch, incident);
    if (result.kind === 'failed') {
      toast.error(result.message, {
        action: { label: 'Retry', onClick: () => void choose(patch) },
      });
    }
  }

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
      <dl className="facts">
        <div>
          <dt>Status</dt>
          <dd>
            <Segments
              label="Status"
              options={STATUSES}
              value={shown.status}
              onChoose={(status) => void choose({ status })}
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
              onChoose={(severity) => void choose({ severity })}
              render={(severity) => <SeverityBadge severity={severity} />}
            />
          </dd>
        </div>
        <div>
          <dt>Service</dt>
          <dd>
            <EditableText
              label="Service"
              value={incident.service}
              base={incident}
              maxLength={LIMITS.service}
              check={(text) => checkText('service', text)}
              suggest="service"
              onSave={(service, base) => edit.save({ service }, base)}
            />
          </dd>
        </div>
        <div>
          <dt>Owner</dt>
          <dd ref={ownerFact}>
            <EditableText
              label="Owner"
              value={incident.owner ?? ''}
              empty="Unassigned"
              base={incident}
              maxLength={LIMITS.owner}
              check={(text) => checkText('owner', text)}
              suggest="owner"
              onSave={(owner, base): Promise<SaveResult> =>
                edit.save({ owner: owner || null }, base)
              }
            />
            {me && incident.owner !== me && (
              <button
                type="button"
                className="link"
                onClick={() => {
                  // The button goes away with the success, and must not take the focus with it.
                  ownerFact.current?.querySelector('button')?.focus();
                  void choose({ owner: me });
                }}
              >
                Assign to me
              </button>
            )}
          </dd>
        </div>
      </dl>
    </header>
  );
}
