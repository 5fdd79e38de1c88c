import { UserRound } from 'lucide-react';
import { type FormEvent, useId, useState } from 'react';
import { Popover } from '@/components/ui/Popover';
import { useCommand } from '@/lib/commands';
import { displayName, NAME_MAX, setDisplayName, useDisplayName } from '@/lib/display-name';

/** Asks for the name that signs this browser's changes. */
export function NameForm({ onDone }: { onDone: (name: string) => void }) {
  const id = useId();
  const [name, setName] = useState(displayName);

  function submit(event: FormEvent) {
    event.preventDefault();
    setDisplayName(name);
    onDone(displayName());
  }

  return (
    <form className="name-form" onSubmit={submit}>
      <label htmlFor={id} className="label">
        Your name
      </label>
      <input
        id={id}
        className="input"
        value={name}
        maxLength={NAME_MAX}
        autoComplete="name"
        placeholder="Ana Silva"
        aria-describedby={`${id}-hint`}
        onChange={(event) => setName(event.target.value)}
      />
      <p id={`${id}-hint`} className="hint">
        Signs what you change, and makes “Mine” yours. Kept in this browser only; without it the
        history says anonymous.
      </p>
      <button type="submit" className="btn primary">
        Save
      </button>
    </form>
  );
}

function initials(name: string): string {
  const words = name.split(' ').filter(Boolean);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined];
  return letters.map((word) => Array.from(word ?? '')[0] ?? '').join('');
}

export function Avatar({ name }: { name: string }) {
  return (
    <span className="avatar" aria-hidden="true">
      {initials(name)}
    </span>
  );
}

export function NameMenu() {
  const name = useDisplayName();
  const [open, setOpen] = useState(false);
  useCommand('name.set', () => setOpen(true));
  return (
    <Popover
      label="Your name"
      align="end"
      open={open}
      onOpenChange={setOpen}
      trigger={
        <button
          type="button"
          className="btn ghost icon"
          aria-label={name ? `Your name: ${name}` : 'Set your name'}
          data-tip={name || 'Set your name'}
        >
          {name ? <Avatar name={name} /> : <UserRound aria-hidden="true" />}
        </button>
      }
    >
      <NameForm onDone={() => setOpen(false)} />
    </Popover>
  );
}
