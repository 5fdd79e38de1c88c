import { ArrowDown, ArrowUp } from 'lucide-react';
import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import { FieldMessage } from '@/components/ui/Field';
import { keptOf, stateOf, VIEW_NAME_MAX, type View } from '@/features/incidents/model/views';
import { useFocusBack } from '@/hooks/useFocusBack';
import { copyLinks } from '@/lib/clipboard';
import { type ListState, sharedSearch } from '@/lib/search-params';
import { reasonOf } from './reason';

interface Props {
  view: View;
  /** Counted from 0. */
  place: number;
  count: number;
  isDefault: boolean;
  /** The list that the view can become; null where it cannot, or is. */
  update: ListState | null;
  onRename: (name: string) => Promise<void>;
  onUpdate: (change: ReturnType<typeof keptOf>) => void;
  onDefault: () => void;
  onMove: (to: number) => void;
  onDelete: () => void;
}

/** What can be done with a view. The built-in ones are everybody's, and stay as they are. */
export function ViewActions(props: Props) {
  const { view, place, count, isDefault, update, onMove } = props;
  const [isRenaming, setIsRenaming] = useState(false);
  const rename = useRef<HTMLButtonElement>(null);
  useFocusBack(isRenaming, () => rename.current);

  if (isRenaming) {
    return (
      <RenameForm name={view.name} onRename={props.onRename} onDone={() => setIsRenaming(false)} />
    );
  }
  return (
    <div className="view-actions" role="group" aria-label={view.name}>
      {!view.builtIn && (
        <button
          ref={rename}
          type="button"
          className="btn small"
          onClick={() => setIsRenaming(true)}
        >
          Rename
        </button>
      )}
      {update && (
        <button
          type="button"
          className="btn small"
          onClick={() =>
            props.onUpdate(keptOf({ ...update, density: update.density ?? view.density }))
          }
        >
          Update to this list
        </button>
      )}
      {/* They stay where they are when they have done what they do, and the focus with them. */}
      <button
        type="button"
        className="btn small"
        aria-disabled={isDefault}
        onClick={() => isDefault || props.onDefault()}
      >
        Make default
      </button>
      <button type="button" className="btn small" onClick={() => void copyLink(view)}>
        Copy link
      </button>
      <button
        type="button"
        className="btn icon small"
        aria-label="Move up"
        aria-disabled={place === 0}
        onClick={() => onMove(place - 1)}
      >
        <ArrowUp aria-hidden="true" />
      </button>
      <button
        type="button"
        className="btn icon small"
        aria-label="Move down"
        aria-disabled={place === count - 1}
        onClick={() => onMove(place + 1)}
      >
        <ArrowDown aria-hidden="true" />
      </button>
      {!view.builtIn && (
        <button type="button" className="btn small danger" onClick={props.onDelete}>
          Delete
        </button>
      )}
    </div>
  );
}

/** The link says what the view shows, so that it is the same for whoever opens it. */
function copyLink(view: View) {
  return copyLinks([`/${sharedSearch(stateOf(view))}`], `The link to “${view.name}”`);
}

interface RenameProps {
  name: string;
  onRename: (name: string) => Promise<void>;
  onDone: () => void;
}

function RenameForm({ name: before, onRename, onDone }: RenameProps) {
  const id = useId();
  const [name, setName] = useState(before);
  const [error, setError] = useState<string>();
  const [isSending, setIsSending] = useState(false);

  // The button that had the focus has made room for it.
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (isSending) return;
    if (name.trim() === '') {
      setError('Give it a name.');
      return;
    }
    setIsSending(true);
    try {
      if (name.trim() !== before) await onRename(name);
      onDone();
    } catch (cause) {
      setError(reasonOf(cause));
      setIsSending(false);
    }
  }

  return (
    <form className="view-actions" onSubmit={(event) => void submit(event)} noValidate>
      <input
        id={id}
        className="input"
        aria-label={`New name of ${before}`}
        autoComplete="off"
        ref={input}
        maxLength={VIEW_NAME_MAX}
        value={name}
        aria-invalid={error !== undefined}
        aria-describedby={error === undefined ? undefined : `${id}-message`}
        onChange={(event) => setName(event.target.value)}
      />
      <FieldMessage id={id} error={error} />
      <button type="submit" className="btn small primary" aria-disabled={isSending}>
        Rename
      </button>
      <button type="button" className="btn small" onClick={onDone}>
        Cancel
      </button>
    </form>
  );
}
