import type { ReactNode } from 'react';

interface Props<T extends string> {
  legend: string;
  name: string;
  options: readonly T[];
  value: T | null;
  describedBy: string | undefined;
  onChange: (value: T) => void;
  render: (value: T) => ReactNode;
}

/** One of a few, all in sight: native radio buttons that look like segments. */
export function ChoiceGroup<T extends string>(props: Props<T>) {
  const { legend, name, options, value, onChange, render } = props;
  return (
    <fieldset className="choices" aria-describedby={props.describedBy}>
      <legend className="label">{legend}</legend>
      <div className="choice-row">
        {options.map((option) => (
          <label key={option} className="choice">
            <input
              type="radio"
              name={name}
              value={option}
              checked={value === option}
              onChange={() => onChange(option)}
            />
            {render(option)}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
