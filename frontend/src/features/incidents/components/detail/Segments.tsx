import type { ReactNode } from 'react';
import { useCan } from '@/lib/session';

interface Props<T extends string> {
  label: string;
  options: readonly T[];
  value: T;
  onChoose: (value: T) => void;
  render: (value: T) => ReactNode;
}

/**
 * All choices in sight, one press each. Buttons rather than radio buttons: arrow keys walk through radios by
 * choosing each, and here every choice is a write. Whoever may not write sees what was chosen.
 */
export function Segments<T extends string>({ label, options, value, onChoose, render }: Props<T>) {
  const canChoose = useCan('write');
  if (!canChoose) return render(value);
  return (
    <div className="segments facts-segments" role="group" aria-label={label}>
      {options.map((option) => (
        <button
          key={option}
          type="button"
          data-edit={option === value ? label.toLowerCase() : undefined}
          aria-pressed={option === value}
          onClick={() => option !== value && onChoose(option)}
        >
          {render(option)}
        </button>
      ))}
    </div>
  );
}
