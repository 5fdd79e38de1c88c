import { Pencil } from 'lucide-react';
import { useEffect, useId, useRef, useState } from 'react';
import { MarkdownEditor, MarkdownText } from '@/components/MarkdownEditor';
import { FieldMessage } from '@/components/ui/Field';
import { Kbd } from '@/components/ui/Kbd';
import type { IncidentEdit } from '@/features/incidents/api/useIncidentEdit';
import type { Incident } from '@/features/incidents/model/incident';
import { checkText } from '@/features/incidents/model/validate';
import { useFocusBack } from '@/hooks/useFocusBack';
import { useCommand } from '@/lib/commands';
import { ofPerson, useCan } from '@/lib/session';
import { useStored, writeStored } from '@/lib/storage';
import { EditorButtons } from './EditorButtons';

interface Props {
  incident: Incident;
  edit: IncidentEdit;
}

/**
 * The summary, and its editor. What is typed is kept in the browser until it is saved or thrown away on purpose,
 * so Escape, a reload or a lost connection cost nothing.
 */
export function SummarySection({ incident, edit }: Props) {
  const draftKey = ofPerson('draft:summary:') + incident.id;
  const saved = incident.summary ?? '';
  const draft = useStored(draftKey);
  // What the draft was begun on. Somebody may have written since, which whoever goes on should know.
  const beganKey = `${draftKey}:began`;
  const began = useStored(beganKey);
  const canEdit = useCan('write');
  const hasDraft = canEdit && draft !== null && draft.trim() !== saved;
  const [editing, setEditing] = useState<Incident | null>(null);
  const button = useRef<HTMLButtonElement>(null);

  useFocusBack(editing !== null, () => button.current);

  useEffect(() => {
    // Saved by another way than the editor, the conflict's for instance, a draft has done its work.
    if (editing !== null || draft === null || draft.trim() !== saved) return;
    writeStored(draftKey, null);
    writeStored(beganKey, null);
  }, [editing, draft, saved, draftKey, beganKey]);

  function keep(text: string | null) {
    if (text === null) writeStored(beganKey, null);
    else if (draft === null) writeStored(beganKey, saved);
    writeStored(draftKey, text);
  }

  function close() {
    setEditing(null);
  }

  return (
    <section className="panel" aria-labelledby="summary-title">
      <div className="panel-head">
        <h2 id="summary-title">Summary</h2>
        {canEdit && editing === null && (
          <button
            ref={button}
            type="button"
            className="btn ghost small"
            data-edit="summary"
            aria-label="Edit summary"
            onClick={() => setEditing(incident)}
          >
            <Pencil aria-hidden="true" />
            Edit
          </button>
        )}
      </div>
      {editing === null && hasDraft && (
        <p className="note" role="status">
          You have an unsaved draft.
          {began !== null && began !== saved && ' The summary was changed after you began it.'}{' '}
          <button type="button" className="link" onClick={() => setEditing(incident)}>
            Continue
          </button>{' '}
          <button type="button" className="link" onClick={() => keep(null)}>
            Discard
          </button>
        </p>
      )}
      {editing !== null && (
        <SummaryEditor
          key={editing.version}
          base={editing}
          initial={draft ?? saved}
          saved={saved}
          edit={edit}
          onType={(text) => keep(text === saved ? null : text)}
          onSaved={() => {
            keep(null);
            close();
          }}
          onClose={close}
        />
      )}
      {editing === null &&
        (saved === '' ? (
          <p className="none">Nobody has written one yet.</p>
        ) : (
          <MarkdownText text={saved} />
        ))}
    </section>
  );
}

interface EditorProps {
  base: Incident;
  initial: string;
  /** The summary as the server has it now. */
  saved: string;
  edit: IncidentEdit;
  onType: (text: string) => void;
  onSaved: () => void;
  onClose: () => void;
}

function SummaryEditor({ base, initial, saved, edit, onType, onSaved, onClose }: EditorProps) {
  const id = useId();
  const area = useRef<HTMLDivElement>(null);
  const [text, setText] = useState(initial);
  const [error, setError] = useState<string | undefined>();
  const [saving, setSaving] = useState(false);

  async function save() {
    if (saving) return;
    if (text.trim() === saved) {
      onSaved();
      return;
    }
    const wrong = checkText('summary', text);
    setError(wrong ?? undefined);
    if (wrong !== null) return;
    setSaving(true);
    const result = await edit.save({ summary: text.trim() || null }, base);
    setSaving(false);
    if (result.kind === 'saved') onSaved();
    // The conflict is shown above, with this text in it; the draft stays until it is decided.
    else if (result.kind === 'conflict') onClose();
    else setError(result.message);
  }

  useCommand('form.submit', () => void save(), { within: area });

  return (
    <div ref={area} className="field">
      <MarkdownEditor
        id={id}
        aria-label="Summary"
        aria-invalid={error !== undefined}
        aria-describedby={error ? `${id}-message` : undefined}
        autoFocus
        rows={12}
        value={text}
        onChange={(next) => {
          setText(next);
          onType(next);
        }}
        onEscape={onClose}
      />
      <FieldMessage id={id} error={error} />
      <div className="row">
        <EditorButtons saving={saving} onSave={save} onCancel={onClose} />
        <span className="hint">
          <Kbd command="form.submit" /> saves · Esc closes and keeps the draft
        </span>
      </div>
    </div>
  );
}
