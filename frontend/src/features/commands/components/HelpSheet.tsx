import { X } from 'lucide-react';
import { Kbd, Keys } from '@/components/ui/Kbd';
import type { Place } from '@/features/commands/model/place';
import {
  type Command,
  setSingleKeys,
  useAvailableCommands,
  usePermittedCommands,
  useSingleKeys,
} from '@/lib/commands';
import { isCharacter } from '@/lib/keys';
import { useModal } from './useModal';

const ROWS = 'in the rows, the peek and an incident';

/** In the order of the sheet, with where the keys of a group work if that is not everywhere. */
const GROUPS: ReadonlyArray<{ group: Command['group']; where?: string }> = [
  { group: 'Move', where: ROWS },
  { group: 'Select', where: ROWS },
  { group: 'Go' },
  { group: 'Writing', where: 'in a form' },
  { group: 'Act', where: ROWS },
  { group: 'List', where: 'on the list' },
  { group: 'Help' },
];

interface Props {
  place: Place;
  onClose: () => void;
}

/** The whole keyboard, read from the command registry. What does nothing on this page is there too, in a softer tone. */
export function HelpSheet({ place, onClose }: Props) {
  const dialog = useModal(place);
  const all = usePermittedCommands();
  const here = useAvailableCommands();
  const singleKeys = useSingleKeys();

  return (
    <dialog ref={dialog} className="sheet help" aria-labelledby="help-title" onClose={onClose}>
      <header>
        <h2 id="help-title">Keyboard shortcuts</h2>
        <button
          type="button"
          className="btn ghost icon"
          aria-label="Close"
          onClick={() => dialog.current?.close()}
        >
          <X aria-hidden="true" />
        </button>
      </header>
      <p className="hint">
        <Kbd command="palette.show" /> finds every command by name. What is grey does nothing on
        this page.
      </p>
      <div className="help-groups">
        {GROUPS.filter(({ group }) => all.some((one) => one.group === group)).map(
          ({ group, where }) => (
            <section key={group} aria-labelledby={`help-${group}`}>
              <h3 id={`help-${group}`}>
                {group}
                {where && <span> {where}</span>}
              </h3>
              <dl>
                {all
                  .filter(
                    (one) => one.group === group && one.keys.length > 0 && one.together !== null,
                  )
                  .map((command) => (
                    <Line
                      key={command.id}
                      command={command}
                      isHere={here.some(({ id }) => id === command.id)}
                      singleKeys={singleKeys}
                    />
                  ))}
              </dl>
            </section>
          ),
        )}
      </div>
      <label className="switch">
        <input
          type="checkbox"
          checked={singleKeys}
          onChange={(event) => setSingleKeys(event.target.checked)}
        />
        Single-letter shortcuts
        <span className="hint">
          Turn them off when speech input types by accident. Letters, digits and signs then do
          nothing; arrows, Space, Enter, Escape and whatever has Ctrl or ⌘ stay, and the palette has
          the rest.
        </span>
      </label>
    </dialog>
  );
}

interface LineProps {
  command: Command;
  isHere: boolean;
  singleKeys: boolean;
}

function Line({ command: { title, keys, together }, isHere, singleKeys }: LineProps) {
  return (
    <div data-away={!isHere || undefined}>
      <dt>
        {together?.title ?? title}
        {!isHere && <span className="sr-only"> (not on this page)</span>}
      </dt>
      <dd>
        {keys.map((one, index) => (
          <span key={one} data-off={(!singleKeys && isCharacter(one)) || undefined}>
            {index > 0 && ' or '}
            <Keys keys={one} />
            {together && (
              <>
                {' – '}
                <Keys keys={together.last} />
              </>
            )}
          </span>
        ))}
      </dd>
    </div>
  );
}
