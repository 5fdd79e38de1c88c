import { Pencil } from 'lucide-react';
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { Combobox } from '@/components/ui/Combobox';
import { FieldMessage } from '@/components/ui/Field';
import type { SaveResult } from '@/features/incidents/api/useIncidentEdit';
import {
  useOwnerSuggestions,
  useServiceSuggestions,
} from '@/features/incidents/api/useSuggestions';
import type { Incident } from '@/features/incidents/model/incident';
import { useFocusBack } from '@/hooks/useFocusBack';
import { useCommand } from '@/lib/commands';
import { isComposing } from '@/lib/keys';
import { useCan } from '@/lib/session';
import { EditorButtons } from './EditorButtons';

interface Props {
  label: string;
  value: string;
  /** What an empty value is called. */
  empty?: string;
  as?: 'h1' | 'span';
  base: Incident;
  maxLength: number;
  check: (text: string) => string | null;
  /** Which names in use are offered while typing. */
  suggest?: 'service' | 'owner';
  onSave: (text: string, base: Incident) => Promise<SaveResult>;
}

/** Text that becomes a field when its button is pressed, for whoever may change it. Enter saves, Escape gives up. */
export function EditableText(props: Props) {
  const { label, value, empty, as: Tag = 'span', base } = props;
  // The incident as it was when the person began to type; a change since then is a conflict.
  const [editing, setEditing] = useState<Incident | null>(null);
  const canEdit = useCan('write');
  const button = useRef<HTMLButtonElement>(null);
  useFocusBack(editing !== null, () => button.current);

  if (editing !== null) {
    return <TextEditor {...props} base={editing} onClose={() => setEditing(null)} />;
  }
  return (
    <span className="editable">
      <Tag className={value === '' ? 'none' : undefined} dir="auto">
        {value === '' ? empty : value}
      </Tag>
      {canEdit && (
        <button
          ref={button}
          type="button"
          className="btn ghost icon small"
          data-edit={label.toLowerCase()}
          aria-label={`Edit ${label.toLowerCase()}`}
          onClick={() => setEditing(base)}
        >
          <Pencil aria-hidden="true" />
        </button>
      )}
    </span>
  );
}

function TextEditor(props: Props & { onClose: () => void }) {
  const { label, value, base, maxLength, check, onSave, onClose } = props;
  const id = useId();
  const area = useRef<HTMLSpanElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(value);
  const [error, setError] = useState<string | undefined>();
  const [saving, setSaving] = useState(false);
  // The value as it was is no search: everything is offered until something is typed.
  const needle = text === value ? '' : text;
  const services = useServiceSuggestions(needle, props.suggest === 'service');
  const owners = useOwnerSuggestions(needle, props.suggest === 'owner');
  const offered = { service: services, owner: owners };

  useEffect(() => input.current?.select(), []);

  async function save() {
    if (saving) return;
    const wanted = text.trim();
    if (wanted === value) {
      onClose();
      return;
    }
    const wrong = check(text);
    setError(wrong ?? undefined);
    if (wrong !== null) return;
    setSaving(true);
    const result = await onSave(wanted, base);
    setSaving(false);
    // A conflict is shown above the page, with what was typed in it.
    if (result.kind === 'failed') setError(result.message);
    else onClose();
  }

  useCommand('form.submit', () => void save(), { within: area });

  function onKeyDown(event: KeyboardEvent) {
    if (isComposing(event.nativeEvent)) return;
    if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) void save();
    else if (event.key === 'Escape') onClose();
    else return;
    event.preventDefault();
  }

  return (
    <span ref={area} className="editing">
      <Combobox
        id={id}
        inputRef={input}
        aria-label={label}
        aria-invalid={error !== undefined}
        aria-describedby={error ? `${id}-message` : undefined}
        autoFocus
        maxLength={maxLength}
        value={text}
        suggestions={props.suggest ? offered[props.suggest] : []}
        onChange={setText}
        onKeyDown={onKeyDown}
      />
      <EditorButtons saving={saving} onSave={save} onCancel={onClose} />
      <FieldMessage id={id} error={error} />
    </span>
  );
}
