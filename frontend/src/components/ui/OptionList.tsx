import type { ReactNode } from 'react';

interface Props<T> {
  id: string;
  label: string;
  className?: string;
  options: readonly T[];
  /** Which one the arrow keys are at; -1 for none. */
  active: number;
  keyOf: (option: T) => string;
  children: (option: T) => ReactNode;
  onChoose: (option: T) => void;
}

/** The list below a combobox, which keeps the focus and handles the keys; its options have the ids `id`-0, `id`-1, … */
export function OptionList<T>(props: Props<T>) {
  const { id, label, className, options, active, keyOf, children, onChoose } = props;
  return (
    <ul id={id} role="listbox" className={className} aria-label={label}>
      {options.map((option, index) => (
        <li
          key={keyOf(option)}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === active}
          className="menu-row"
          // The pointer must not take the focus away from the field.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onChoose(option)}
        >
          {children(option)}
        </li>
      ))}
    </ul>
  );
}
