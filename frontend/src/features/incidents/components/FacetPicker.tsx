import { ChevronDown } from 'lucide-react';
import { type KeyboardEvent, useRef, useState } from 'react';
import { Popover } from '@/components/ui/Popover';
import type { Name } from '@/lib/csv';

interface Option {
  value: Name;
  count: number;
}

interface Props {
  name: 'Service' | 'Owner';
  /** What "no value" is called; only where it can be chosen. */
  none?: string;
  counts: readonly Option[] | undefined;
  /** How a count is written: exact ones and estimates differ. */
  format: (count: number) => string;
  chosen: readonly Name[];
  onChange: (chosen: Name[]) => void;
}

function optionsOf({ counts, chosen }: Pick<Props, 'counts' | 'chosen'>, text: string): Option[] {
  const known = counts ?? [];
  // What is chosen stays in sight, also when the other filters leave nothing of it.
  const absent = chosen
    .filter((value) => !known.some((option) => option.value === value))
    .map((value) => ({ value, count: 0 }));
  const all = [...known, ...absent];
  // The server lists the largest 50 only, so a name that is typed in full can be chosen unseen.
  const isListed = all.some((option) => option.value?.toLowerCase() === text.toLowerCase());
  return text !== '' && !isListed ? [...all, { value: text, count: 0 }] : all;
}

/** A multiple choice with counts and type-to-filter. Native checkboxes: the browser knows how they work. */
export function FacetPicker(props: Props) {
  const { name, none, format, chosen, onChange } = props;
  const [open, setOpen] = useState(false);
  const [text, setText] = useState('');
  const list = useRef<HTMLUListElement>(null);
  const input = useRef<HTMLInputElement>(null);

  const labelOf = (value: Name) => value ?? none ?? 'None';
  const query = text.trim().toLowerCase();
  const options = optionsOf(props, text.trim()).filter((option) =>
    labelOf(option.value).toLowerCase().includes(query),
  );

  function toggle(value: Name) {
    onChange(chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value]);
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing) return;
    const boxes = [...(list.current?.querySelectorAll('input') ?? [])];
    const at = boxes.findIndex((box) => box === document.activeElement);
    if (event.key === 'ArrowDown') boxes[Math.min(at + 1, boxes.length - 1)]?.focus();
    else if (event.key === 'ArrowUp') (at > 0 ? boxes[at - 1] : input.current)?.focus();
    else if (event.key === 'Enter' && at === -1 && query !== '' && options[0]) {
      toggle(options[0].value);
      setText('');
    } else return;
    event.preventDefault();
  }

  const only = chosen.length === 1 ? labelOf(chosen[0] ?? null) : `${chosen.length}`;
  return (
    <Popover
      label={`Filter by ${name.toLowerCase()}`}
      open={open}
      onOpenChange={(next) => {
        setOpen(next);
        setText('');
      }}
      trigger={
        <button type="button" className="chip" data-active={chosen.length > 0}>
          {name}
          {chosen.length > 0 && <span className="chosen">{only}</span>}
          <ChevronDown aria-hidden="true" />
        </button>
      }
    >
      {/* Arrow keys go from the box through the list; everything in it is reachable by Tab as well. */}
      <div className="picker" role="presentation" onKeyDown={onKeyDown}>
        <input
          ref={input}
          className="input"
          type="text"
          value={text}
          maxLength={120}
          autoComplete="off"
          placeholder={`Find ${name === 'Owner' ? 'an owner' : 'a service'}`}
          aria-label={`Find ${name === 'Owner' ? 'an owner' : 'a service'}`}
          onChange={(event) => setText(event.target.value)}
        />
        <ul ref={list}>
          {options.map((option) => (
            <li key={option.value ?? ''}>
              <label className="menu-row">
                <input
                  type="checkbox"
                  checked={chosen.includes(option.value)}
                  onChange={() => toggle(option.value)}
                />
                <span className={option.value === null ? 'grow truncate none' : 'grow truncate'}>
                  {labelOf(option.value)}
                </span>
                <span className="count">{format(option.count)}</span>
              </label>
            </li>
          ))}
        </ul>
        {options.length === 0 && <p className="hint">Nothing to choose from here.</p>}
        {chosen.length > 0 && (
          <button type="button" className="btn ghost" onClick={() => onChange([])}>
            Any {name.toLowerCase()}
          </button>
        )}
      </div>
    </Popover>
  );
}
