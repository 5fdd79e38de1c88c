import { Pencil } from 'lucide-react';
import { useId, useRef, useState } from 'react';
import { TimeAgo } from '@/components/TimeAgo';
import { describedBy, FieldMessage } from '@/components/ui/Field';
import type { IncidentEdit } from '@/features/incidents/api/useIncidentEdit';
import type { Incident } from '@/features/incidents/model/incident';
import { TARGET_MS } from '@/features/incidents/model/sla';
import { checkTime, type TimeField } from '@/features/incidents/model/validate';
import { useFocusBack } from '@/hooks/useFocusBack';
import { useCommand } from '@/lib/commands';
import { useCan } from '@/lib/session';
import {
  formatDuration,
  formatLocal,
  formatUtc,
  fromLocalInput,
  toLocalInput,
  useNow,
} from '@/lib/time';
import { EditorButtons } from './EditorButtons';

interface Props {
  incident: Incident;
  edit: IncidentEdit;
}

const TIMES: ReadonlyArray<{ field: TimeField; label: string; noun: string }> = [
  { field: 'startedAt', label: 'Started', noun: 'start' },
  { field: 'mitigatedAt', label: 'Mitigated', noun: 'mitigation' },
  { field: 'resolvedAt', label: 'Resolved', noun: 'resolution' },
];

export function TimesSection({ incident, edit }: Props) {
  const [editing, setEditing] = useState<{ field: TimeField; base: Incident } | null>(null);
  const canEdit = useCan('write');
  const list = useRef<HTMLDListElement>(null);
  const last = useRef<TimeField>('startedAt');
  useFocusBack(editing !== null, () => list.current?.querySelector(`[data-edit=${last.current}]`));

  return (
    <section className="panel" aria-labelledby="times-title">
      <h2 id="times-title">Times</h2>
      <dl ref={list} className="times">
        {TIMES.map(({ field, label, noun }) => {
          const at = incident[field];
          return (
            <div key={field}>
              <dt>{label}</dt>
              <dd>
                {editing?.field === field ? (
                  <TimeEditor
                    field={field}
                    label={label}
                    base={editing.base}
                    incident={incident}
                    edit={edit}
                    onClose={() => setEditing(null)}
                  />
                ) : (
                  <span className="editable">
                    {at ? (
                      <span className="num">
                        {formatLocal(at)}{' '}
                        <span className="meta">
                          <TimeAgo at={at} label={label} ago />
                        </span>
                      </span>
                    ) : (
                      <span className="none">Not yet</span>
                    )}
                    {canEdit && (
                      <button
                        type="button"
                        className="btn ghost icon small"
                        data-edit={field}
                        aria-label={`Edit ${noun} time`}
                        onClick={() => {
                          last.current = field;
                          setEditing({ field, base: incident });
                        }}
                      >
                        <Pencil aria-hidden="true" />
                      </button>
                    )}
                  </span>
                )}
              </dd>
            </div>
          );
        })}
        {/* What was resolved at once has no time to mitigate. */}
        {(incident.mitigatedAt !== null || incident.resolvedAt === null) && (
          <Took label="Time to mitigate" incident={incident} until={incident.mitigatedAt} target />
        )}
        <Took label="Time to resolve" incident={incident} until={incident.resolvedAt} />
        <div>
          <dt>Recorded</dt>
          <dd className="num">
            {formatLocal(incident.createdAt)}{' '}
            <span className="meta">
              <TimeAgo at={incident.createdAt} label="Recorded" ago />
            </span>
          </dd>
        </div>
      </dl>
    </section>
  );
}

interface TookProps {
  label: string;
  incident: Incident;
  /** When the clock stopped; null while it runs. */
  until: string | null;
  /** Compared with the target of the severity. */
  target?: boolean;
}

function Took({ label, incident, until, target = false }: TookProps) {
  const now = useNow();
  const took = (until === null ? now : Date.parse(until)) - Date.parse(incident.startedAt);
  return (
    <div>
      <dt>{label}</dt>
      <dd className="num">
        <b>{formatDuration(took)}</b>
        <span className="meta">
          {until === null && ' so far'}
          {target &&
            `${until === null ? ',' : ''} ${againstTarget(took, incident, until === null)}`}
        </span>
      </dd>
    </div>
  );
}

function againstTarget(took: number, { severity }: Incident, running: boolean): string {
  const goal = TARGET_MS[severity];
  if (took > goal) {
    return `▲ ${formatDuration(took - goal)} past the target of ${formatDuration(goal)}`;
  }
  return running
    ? `${formatDuration(goal - took)} left of ${formatDuration(goal)}`
    : `within the target of ${formatDuration(goal)}`;
}

interface EditorProps {
  field: TimeField;
  label: string;
  base: Incident;
  /** As it is by now: what the time has to fit. */
  incident: Incident;
  edit: IncidentEdit;
  onClose: () => void;
}

function TimeEditor({ field, label, base, incident, edit, onClose }: EditorProps) {
  const id = useId();
  const area = useRef<HTMLSpanElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const before = base[field] ? toLocalInput(base[field]) : '';
  const [text, setText] = useState(before);
  const [error, setError] = useState<string | undefined>();
  const [saving, setSaving] = useState(false);

  async function save() {
    if (saving) return;
    // A date typed in part has the same value as an emptied field, and must not clear the time.
    const partial = input.current?.validity.badInput ?? false;
    // An untouched field would lose the fractions of a second that the input cannot show.
    if (text === before && !partial) {
      onClose();
      return;
    }
    const at = fromLocalInput(text);
    if (at === null && (field === 'startedAt' || partial)) {
      setError('Give a date and a time.');
      return;
    }
    const wrong = at === null ? null : checkTime(field, at, incident);
    setError(wrong ?? undefined);
    if (wrong !== null) return;
    setSaving(true);
    const result = await edit.save({ [field]: at }, base);
    setSaving(false);
    if (result.kind === 'failed') setError(result.message);
    else onClose();
  }

  useCommand('form.submit', () => void save(), { within: area });

  const at = fromLocalInput(text);
  const hint = at === null ? undefined : `= ${formatUtc(at)}`;
  return (
    <span ref={area} className="editing">
      <input
        ref={input}
        id={id}
        className="input"
        type="datetime-local"
        step={1}
        autoFocus
        aria-label={`${label}, local time`}
        aria-invalid={error !== undefined}
        aria-describedby={describedBy(id, hint, error)}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setError(undefined);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) void save();
          else if (event.key === 'Escape') onClose();
        }}
      />
      <EditorButtons saving={saving} onSave={save} onCancel={onClose} />
      <FieldMessage id={id} hint={hint} error={error} />
    </span>
  );
}
