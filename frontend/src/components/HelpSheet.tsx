import { X } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { Kbd } from '@/components/ui/Kbd';
import { setSingleKeys, useAvailableCommands, useSingleKeys } from '@/lib/commands';

/** What the keyboard can do here, read from the command registry. */
export function HelpSheet({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const commands = useAvailableCommands();
  const singleKeys = useSingleKeys();
  const groups = [...new Set(commands.map((command) => command.group))];

  useEffect(() => dialog.current?.showModal(), []);

  return (
    <dialog ref={dialog} className="sheet" aria-labelledby="help-title" onClose={onClose}>
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
      {groups.map((group) => (
        <section key={group}>
          <h3>{group}</h3>
          <dl>
            {commands
              .filter((command) => command.group === group)
              .map((command) => (
                <div key={command.id}>
                  <dt>{command.title}</dt>
                  <dd>
                    <Kbd command={command.id} />
                  </dd>
                </div>
              ))}
          </dl>
        </section>
      ))}
      <label className="switch">
        <input
          type="checkbox"
          checked={singleKeys}
          onChange={(event) => setSingleKeys(event.target.checked)}
        />
        Single-letter shortcuts
        <span className="hint">Turn them off when speech input types by accident.</span>
      </label>
    </dialog>
  );
}
