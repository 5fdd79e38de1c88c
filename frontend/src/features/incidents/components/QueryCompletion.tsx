import { useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, type Ref, useEffect, useImperativeHandle, useState } from 'react';
import { OptionList } from '@/components/ui/OptionList';
import { facetsQuery, servicesQuery } from '@/features/incidents/api/queries';
import {
  accepted,
  isBegun,
  type Known,
  knownName,
  type Option,
  optionsFor,
  slotAt,
} from '@/features/incidents/model/complete';
import { useActiveOption } from '@/hooks/useActiveOption';
import { useDebounce } from '@/hooks/useDebounce';
import { useDisplayName } from '@/lib/display-name';
import { formatCount, formatEstimate } from '@/lib/numbers';
import type { ListState } from '@/lib/search-params';

export interface CompletionHandle {
  /** Whether the key was one for the list of completions. */
  onKeyDown: (event: KeyboardEvent<HTMLInputElement>) => boolean;
}

export interface CompletionProps {
  ref: Ref<CompletionHandle>;
  /** Of the list; those of its options begin with it. */
  id: string;
  text: string;
  caret: number;
  state: ListState;
  onAccept: (text: string, caret: number) => void;
  /** Tells whether there is a list, and which of its options is chosen, by id. */
  onOptions: (options: { active: string | undefined } | null) => void;
}

/** The list below the query box of what can stand at the caret (the APG's editable combobox with list autocomplete). */
export default function QueryCompletion(props: CompletionProps) {
  const { ref, id, text, caret, state, onAccept, onOptions } = props;
  const slot = slotAt(text, caret);
  const known = useKnown(slot?.field === 'service' ? slot.typed : null, state);
  const [now] = useState(Date.now);
  const options = slot ? optionsFor(slot, text, known, now) : [];
  // What was decided by key holds until something else is typed.
  const place = `${caret} ${text}`;
  const [decided, setDecided] = useState({ place: '', open: false });
  const { active, reset, move } = useActiveOption(options, place, -1);
  const isOpen = decided.place === place ? decided.open : slot !== null && isBegun(slot);
  const shown = isOpen && options.length > 0;

  const activeId = active >= 0 ? `${id}-${active}` : undefined;
  useEffect(() => {
    onOptions(shown ? { active: activeId } : null);
    return () => onOptions(null);
  }, [activeId, onOptions, shown]);

  function choose(option: Option | undefined): boolean {
    if (option && slot) onAccept(...accepted(text, slot, option));
    return option !== undefined;
  }

  function handle(event: KeyboardEvent<HTMLInputElement>): boolean {
    const { key } = event;
    if (options.length > 0 && move(key)) {
      setDecided({ place, open: true });
      return true;
    }
    if (!shown) return false;
    if (key === 'Enter') return choose(options[active]);
    // Tab goes on where nothing is chosen.
    if (key === 'Tab') return !event.shiftKey && choose(options[active]);
    if (key !== 'Escape') return false;
    setDecided({ place, open: false });
    reset();
    return true;
  }

  useImperativeHandle(ref, () => ({
    onKeyDown(event) {
      const isOurs = handle(event);
      if (isOurs) event.preventDefault();
      return isOurs;
    },
  }));

  if (!shown) return null;
  return (
    <OptionList id={id} label="Completions" options={options} active={active} onChoose={choose} />
  );
}

/** The values that fields can have: those of the counts beside the list, and the services that are found by a text. */
function useKnown(service: string | null, state: ListState): Known[] {
  const me = useDisplayName();
  // The chips ask for the counts; here they are only looked at.
  const { data: facets } = useQuery({ ...facetsQuery(state), enabled: false });
  const search = useDebounce((service ?? '').trim(), 150);
  const { data: services } = useQuery({ ...servicesQuery(search), enabled: service !== null });
  const noteOf = (field: 'severity' | 'status' | 'owner', count: number | undefined) => {
    if (count === undefined) return '';
    return facets?.estimated.includes(field) ? formatEstimate(count) : formatCount(count);
  };
  const ownerCount = (name: string | null) =>
    noteOf('owner', facets?.owner.find(({ value }) => value === name)?.count);
  return [
    ...(facets?.severity ?? []).map(
      ({ value, count }): Known => ({
        field: 'severity',
        value: value.slice(3),
        hint: value,
        note: noteOf('severity', count),
      }),
    ),
    ...(facets?.status ?? []).map(
      ({ value, count }): Known => ({
        field: 'status',
        value: value.toLowerCase(),
        note: noteOf('status', count),
      }),
    ),
    ...(services?.items ?? []).map(({ name, open }) =>
      knownName('service', name, open > 0 ? `${formatCount(open)} open` : ''),
    ),
    ...(me ? [{ field: 'owner' as const, value: 'me', hint: me, note: ownerCount(me) }] : []),
    { field: 'owner', value: 'none', hint: 'unassigned', note: ownerCount(null) },
    ...(facets?.owner ?? []).flatMap(({ value, count }) =>
      value === null ? [] : knownName('owner', value, noteOf('owner', count)),
    ),
  ];
}
