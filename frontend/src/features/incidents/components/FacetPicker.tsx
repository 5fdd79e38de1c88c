import { ChevronDown } from 'lucide-react';
import { type KeyboardEvent, useRef, useState } from 'react';
import { Popover } from '@/components/ui/Popover';
import type { Name } from '@/lib/csv';
import { isComposing } from '@/lib/keys';
import { nameText } from '@/lib/query-text';

interface Count {
  value: Name;
  count: number;
}

interface Option {
  /** As it is written in the query: `none`, `me`, `"Doe, Jane"`. */
  value: string;
  label: string;
  count: number;
}

interface Props {
  name: 'Service' | 'Owner';
  /** What "no value" is called; only where it can be chosen. */
  none?: string;
  counts: readonly Count[] | undefined;
  /** How a count is written: exact ones and estimates differ. */
  format: (count: number) => string;
  /** As they are written in the query, like those that are excluded. */
  chosen: readonly string[];
  excluded: readonly string[];
  onToggle: (value: string) => void;
  onClear: () => void;
}

/** What a name of the query is called here. */
function labelOf(value: string, none: string): string {
  if (value === 'none') return none;
  if (value === 'me') return 'Me';
  return value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value;
}

function optionsOf(props: Pick<Props, 'counts' | 'chosen'>, none: string, text: string): Option[] {
  const known = (props.counts ?? []).map(({ value, count }) => ({
    value: nameText(value),
    label: value ?? none,
    count,
  }));
  // What is chosen stays in sight, also when the other filters leave nothing of it.
  const absent = props.chosen
    .filter((value) => !known.some((option) => option.value === value))
    .map((value) => ({ value, label: labelOf(value, none), count: 0 }));
  const all = [...known, ...absent];
  // The server lists the largest 50 only, so a name that is typed in full can be chosen unseen.
  const isListed = all.some(({ label }) => label.toLowerCase() === text.toLowerCase());
  return text !== '' && !isListed
    ? [...all, { value: nameText(text), label: text, count: 0 }]
    : all;
}

/** A multiple choice with counts and type-to-filter. Native checkboxes: the browser knows how they work. */
export function FacetPicker(props: Props) {
  const { name, none = 'None', format, chosen, excluded, onToggle, onClear } = props;
  const [open, setOpen] = useState(false);
  const [text, setText] = useState('');
  const list = useRef<HTMLUListElement>(null);
  const input = useRef<HTMLInputElement>(null);

  const query = text.trim().toLowerCase();
  const options = optionsOf(props, none, text.trim()).filter(({ label }) =>
    label.toLowerCase().includes(query),
  );

  function onKeyDown(event: KeyboardEvent) {
    if (isComposing(event.nativeEvent)) return;
    const boxes = [...(list.current?.querySelectorAll('input') ?? [])];
    const at = boxes.findIndex((box) => box === document.activeElement);
    if (event.key === 'ArrowDown') boxes[Math.min(at + 1, boxes.length - 1)]?.focus();
    else if (event.key === 'ArrowUp') (at > 0 ? boxes[at - 1] : input.current)?.focus();
    else if (event.key === 'Enter' && at === -1 && query !== '' && options[0]) {
      onToggle(options[0].value);
      setText('');
    } else return;
    event.preventDefault();
  }

  const isActive = chosen.length + excluded.length > 0;
  const [named, not] = chosen.length > 0 ? [chosen, ''] : [excluded, 'not '];
  const only = named.length === 1 ? labelOf(named[0] ?? '', none) : `${named.length}`;
  return (
    <Popover
      label={`Filter by ${name.toLowerCase()}`}
      open={open}
      onOpenChange={(next) => {
        setOpen(next);
        setText('');
      }}
      trigger={
        <button type="button" className="chip" data-active={isActive}>
          {name}
          {isActive && (
            <span className="chosen">
              {not}
              {only}
            </span>
          )}
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
            <li key={option.value}>
              <label className="menu-row">
                <input
                  type="checkbox"
                  checked={chosen.includes(option.value)}
                  onChange={() => onToggle(option.value)}
                />
                <span className={option.value === 'none' ? 'grow truncate none' : 'grow truncate'}>
                  {option.label}
                </span>
                <span className="count">{format(option.count)}</span>
              </label>
            </li>
          ))}
        </ul>
        {options.length === 0 && <p className="hint">Nothing to choose from here.</p>}
        {isActive && (
          <button type="button" className="btn ghost" onClick={onClear}>
            Any {name.toLowerCase()}
          </button>
        )}
      </div>
    </Popover>
  );
}
