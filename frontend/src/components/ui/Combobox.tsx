import { type KeyboardEvent, type Ref, useId, useState } from 'react';
import { useActiveOption } from '@/hooks/useActiveOption';
import { isComposing } from '@/lib/keys';
import { OptionList, type Suggestion } from './OptionList';

interface Props {
  id: string;
  value: string;
  suggestions: readonly Suggestion[];
  onChange: (value: string) => void;
  /** Keys that the list does not take, and Escape or Enter while it is closed. */
  onKeyDown?: (event: KeyboardEvent<HTMLInputElement>) => void;
  onFocus?: () => void;
  inputRef?: Ref<HTMLInputElement>;
  maxLength?: number;
  placeholder?: string;
  autoFocus?: boolean;
  required?: boolean;
  /** Opens the list as soon as the focus comes to the empty field. */
  offersAtOnce?: boolean;
  autoCapitalize?: 'none' | 'words';
  enterKeyHint?: 'next';
  spellCheck?: boolean;
  'aria-label'?: string | undefined;
  'aria-invalid'?: boolean;
  'aria-describedby'?: string | undefined;
}

/** A text field that offers what is already in use and accepts anything else (the APG's list autocomplete). */
export function Combobox({
  suggestions,
  value,
  onChange,
  onKeyDown,
  onFocus,
  inputRef,
  offersAtOnce = false,
  ...input
}: Props) {
  const listId = useId();
  const [open, setOpen] = useState(false);
  const { active, reset, move } = useActiveOption(suggestions, value, -1);
  // What is typed in full needs no offer.
  const only = suggestions.length === 1 && suggestions[0]?.value === value;
  const shown = open && suggestions.length > 0 && !only;

  function choose(suggestion: Suggestion) {
    onChange(suggestion.value);
    close();
  }

  function close() {
    setOpen(false);
    reset();
  }

  function handleKey(event: KeyboardEvent<HTMLInputElement>) {
    if (isComposing(event.nativeEvent)) return;
    const chosen = shown ? suggestions[active] : undefined;
    if (move(event.key)) {
      setOpen(true);
    } else if (event.key === 'Enter' && chosen && !event.ctrlKey && !event.metaKey) {
      choose(chosen);
    } else if (event.key === 'Escape' && shown) {
      close();
    } else {
      if (event.key === 'Tab' && chosen) onChange(chosen.value);
      onKeyDown?.(event);
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <div className="combobox">
      <input
        {...input}
        ref={inputRef}
        className="input"
        role="combobox"
        autoComplete="off"
        aria-autocomplete="list"
        aria-expanded={shown}
        aria-controls={shown ? listId : undefined}
        aria-activedescendant={shown && active >= 0 ? `${listId}-${active}` : undefined}
        value={value}
        onChange={(event) => {
          onChange(event.target.value);
          setOpen(true);
        }}
        onFocus={() => {
          if (offersAtOnce && value === '') setOpen(true);
          onFocus?.();
        }}
        onClick={() => setOpen(true)}
        onBlur={close}
        onKeyDown={handleKey}
      />
      {shown && (
        <OptionList
          id={listId}
          label="In use"
          options={suggestions}
          active={active}
          onChoose={choose}
        />
      )}
    </div>
  );
}
