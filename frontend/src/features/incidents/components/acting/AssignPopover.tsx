import { Popover } from 'radix-ui';
import { type KeyboardEvent, useId, useState } from 'react';
import { NameForm } from '@/components/NameMenu';
import { OptionList, type Suggestion } from '@/components/ui/OptionList';
import type { Assigning } from '@/features/incidents/api/acting';
import { useOwnerSuggestions } from '@/features/incidents/api/useSuggestions';
import { countOf, subjectOf } from '@/features/incidents/model/acts';
import { LIMITS } from '@/features/incidents/model/validate';
import '@/acting.css';

interface Option extends Suggestion {
  owner: string | null;
}

/** Whoever is offered, then nobody, then the name as it is typed. */
function optionsOf(names: readonly Suggestion[], text: string): Option[] {
  const options: Option[] = names.map((name) => ({ ...name, owner: name.value }));
  if ('none nobody unassigned'.includes(text.toLowerCase())) {
    options.push({ owner: null, value: '', label: 'Nobody', note: 'none' });
  }
  const isOffered = names.some(({ value }) => value.toLowerCase() === text.toLowerCase());
  if (text !== '' && !isOffered) options.push({ owner: text, value: text, note: 'new name' });
  return options;
}

interface Props {
  assigning: Assigning;
  onClose: () => void;
}

/** The choice of an owner beside the row, or the bar, that it is about. */
export default function AssignPopover({ assigning, onClose }: Props) {
  const { target, anchor, toMe, choose } = assigning;
  const [isNaming, setIsNaming] = useState(toMe);
  const [focused] = useState(() => document.activeElement);
  const subject =
    target.kind === 'some' ? subjectOf(target.incidents) : `all ${countOf(target.total)}`;

  function assign(owner: string | null) {
    choose(owner);
    onClose();
  }

  return (
    <Popover.Root open onOpenChange={onClose}>
      <Popover.Anchor virtualRef={{ current: anchor }} />
      <Popover.Portal>
        <Popover.Content
          className="popover assign"
          align="start"
          sideOffset={6}
          collisionPadding={8}
          aria-label={`Assign ${subject}`}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
          }}
        >
          {isNaming ? (
            <NameForm
              onDone={(name) => {
                if (name === '') onClose();
                else assign(name);
                setIsNaming(false);
              }}
            />
          ) : (
            <OwnerChoice subject={subject} onChoose={assign} />
          )}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function OwnerChoice({
  subject,
  onChoose,
}: {
  subject: string;
  onChoose: (owner: string | null) => void;
}) {
  const listId = useId();
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const options = optionsOf(useOwnerSuggestions(text, true), text.trim());
  const at = Math.min(active, options.length - 1);

  function onKeyDown(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing) return;
    const chosen = options[at];
    if (event.key === 'ArrowDown') setActive((at + 1) % options.length);
    else if (event.key === 'ArrowUp') setActive((at - 1 + options.length) % options.length);
    else if (event.key === 'Enter' && chosen) onChoose(chosen.owner);
    else return;
    event.preventDefault();
  }

  return (
    <>
      <input
        className="input"
        role="combobox"
        autoComplete="off"
        maxLength={LIMITS.owner}
        placeholder={`Assign ${subject} to…`}
        aria-label={`Assign ${subject} to`}
        aria-autocomplete="list"
        aria-expanded="true"
        aria-controls={listId}
        aria-activedescendant={options.length > 0 ? `${listId}-${at}` : undefined}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
      />
      <OptionList
        id={listId}
        label="Owners"
        options={options}
        active={at}
        className="assign-options"
        onChoose={({ owner }) => onChoose(owner)}
      />
    </>
  );
}
