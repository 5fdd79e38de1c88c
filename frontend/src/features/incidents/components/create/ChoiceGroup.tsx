import type { KeyboardEvent, ReactNode } from 'react';
import { digitOn } from '@/lib/keys';

interface Props<T extends string> {
  legend: string;
  name: string;
  options: readonly T[];
  value: T | null;
  describedBy: string | undefined;
  /** The keys 1, 2, 3 … choose, while the focus is in the group. */
  byNumber?: boolean;
  onChange: (value: T) => void;
  render: (value: T) => ReactNode;
}

/** One of a few, all in sight: native radio buttons that look like segments. */
export function ChoiceGroup<T extends string>(props: Props<T>) {
  const { legend, name, options, value, byNumber = false, onChange, render } = props;

  function onKeyDown(event: KeyboardEvent<HTMLInputElement>) {
    if (!byNumber || event.ctrlKey || event.metaKey || event.altKey) return;
    const index = Number(/^\d$/.exec(event.key)?.[0] ?? digitOn(event.nativeEvent)) - 1;
    const option = options[index];
    if (option === undefined) return;
    event.preventDefault();
    onChange(option);
    // The arrows and Tab go on from what is chosen.
    event.currentTarget.closest('fieldset')?.querySelectorAll('input')[index]?.focus();
  }

  return (
    <fieldset className="choices" aria-describedby={props.describedBy}>
      <legend className="label">
        {legend}
        {byNumber && (
          <span className="optional wide-only" aria-hidden="true">
            {' '}
            1–{options.length}
          </span>
        )}
      </legend>
      <div className="choice-row" data-of={options.length}>
        {options.map((option, index) => (
          <label key={option} className="choice">
            <input
              type="radio"
              name={name}
              value={option}
              checked={value === option}
              aria-keyshortcuts={byNumber ? `${index + 1}` : undefined}
              onChange={() => onChange(option)}
              onKeyDown={onKeyDown}
            />
            {render(option)}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
