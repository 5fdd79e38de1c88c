import { type KeyboardEvent, useId, useState } from 'react';
import { NameForm } from '@/components/NameMenu';
import { OptionList, type Suggestion } from '@/components/ui/OptionList';
import { PopoverContent } from '@/components/ui/PopoverContent';
import type { Assigning } from '@/features/incidents/api/acting';
import { useOwnerSuggestions } from '@/features/incidents/api/useSuggestions';
import { countOf, subjectOf } from '@/features/incidents/model/acts';
import { LIMITS } from '@/features/incidents/model/validate';
import { useActiveOption } from '@/hooks/useActiveOption';
import { isComposing } from '@/lib/keys';
import '@/acting.css';

interface Option extends Suggestion {
  owner: string | null;
}

/**
 * Those of whose names a word begins as typed, then nobody, then the name as it is typed, then those that have it in
 * the middle of a word: "Ana" and Enter must not choose Hana.
 */
function optionsOf(names: readonly Suggestion[], text: string): Option[] {
  const typed = text.toLowerCase();
  const begins = ({ value }: Suggestion) =>
    ` ${value.toLowerCase()}`.replaceAll(/[\s-]+/g, ' ').includes(` ${typed}`);
  const own = (name: Suggestion): Option => ({ ...name, owner: name.value });
  const options = names.filter(begins).map(own);
  if ('none nobody unassigned'.includes(typed)) {
    options.push({ owner: null, value: '', label: 'Nobody', note: 'none' });
  }
  const isOffered = names.some(({ value }) => value.toLowerCase() === typed);
  if (text !== '' && !isOffered) options.push({ owner: text, value: text, note: 'new name' });
  return [...options, ...names.filter((name) => !begins(name)).map(own)];
}

interface Props {
  /** Null where none is open. */
  assigning: Assigning | null;
  onClose: () => void;
}

/** The choice of an owner beside the row, or the bar, that it is about. */
export function AssignPopover({ assigning, onClose }: Props) {
  return assigning && <Assign assigning={assigning} onClose={onClose} />;
}

function Assign({ assigning, onClose }: { assigning: Assigning; onClose: () => void }) {
  const { target, anchor, toMe, choose } = assigning;
  const [isNaming, setIsNaming] = useState(toMe);
  const subject =
    target.kind === 'some' ? subjectOf(target.incidents) : `all ${countOf(target.total)}`;

  function assign(owner: string | null) {
    choose(owner);
    onClose();
  }

  return (
    <PopoverContent
      trigger={{ current: anchor }}
      label={`Assign ${subject}`}
      align="start"
      onClose={onClose}
    >
      <div className="assign">
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
      </div>
    </PopoverContent>
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
  const options = optionsOf(useOwnerSuggestions(text, true), text.trim());
  const { active, move } = useActiveOption(options, text, 0);

  function onKeyDown(event: KeyboardEvent) {
    if (isComposing(event.nativeEvent)) return;
    const chosen = options[active];
    if (event.key === 'Enter' && chosen) onChoose(chosen.owner);
    else if (!move(event.key)) return;
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
        aria-activedescendant={options.length > 0 ? `${listId}-${active}` : undefined}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <OptionList
        id={listId}
        label="Owners"
        options={options}
        active={active}
        className="assign-options"
        onChoose={({ owner }) => onChoose(owner)}
      />
    </>
  );
}
