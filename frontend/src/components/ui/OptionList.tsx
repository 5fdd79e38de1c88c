export interface Suggestion {
  value: string;
  /** What it is called, where that is not the value. */
  label?: string;
  /** What it means, muted. */
  hint?: string;
  /** Shown at the right, muted: "3 open". */
  note?: string;
}

interface Props<T extends Suggestion> {
  id: string;
  label: string;
  className?: string;
  options: readonly T[];
  /** The one that the keys have reached; -1 for none. Its id is `${id}-${active}`. */
  active: number;
  onChoose: (option: T) => void;
}

/** The list below a combobox, whose field keeps the focus. */
export function OptionList<T extends Suggestion>(props: Props<T>) {
  const { id, label, className = 'popover options', options, active, onChoose } = props;
  return (
    <ul id={id} role="listbox" className={className} aria-label={label}>
      {options.map((option, index) => (
        <li
          key={option.value}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === active}
          className="menu-row"
          // The pointer must not take the focus away from the field.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onChoose(option)}
        >
          <span className={option.hint ? 'truncate' : 'grow truncate'} dir="auto">
            {option.label ?? option.value}
          </span>
          {option.hint && <span className="hint grow truncate">{option.hint}</span>}
          {option.note && <span className="count">{option.note}</span>}
        </li>
      ))}
    </ul>
  );
}
