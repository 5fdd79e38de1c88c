import { type KeyboardEvent, type Ref, useId, useState } from 'react';
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
  ...input
}: Props) {
  const listId = useId();
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  // What is typed in full needs no offer.
  const only = suggestions.length === 1 && suggestions[0]?.value === value;
  const shown = open && suggestions.length > 0 && !only;

  function choose(suggestion: Suggestion) {
    onChange(suggestion.value);
    close();
  }

  function close() {
    setOpen(false);
    setActive(-1);
  }

  function handleKey(event: KeyboardEvent<HTMLInputElement>) {
    if (event.nativeEvent.isComposing) return;
    const chosen = shown ? suggestions[active] : undefined;
    const down = event.key === 'ArrowDown';
    if (down || event.key === 'ArrowUp') {
      setOpen(true);
      const last = suggestions.length - 1;
      if (down) setActive(active >= last ? 0 : active + 1);
      else setActive(active <= 0 ? last : active - 1);
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
          setActive(-1);
        }}
        onFocus={onFocus}
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
