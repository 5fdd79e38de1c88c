import { type CommandId, useKeysOf } from '@/lib/commands';
import { keyLabels } from '@/lib/keys';

/** The first of the keys of a command that work; nothing where it has none. */
export function Kbd({ command }: { command: CommandId }) {
  const keys = useKeysOf(command);
  return keys === null ? null : <Keys keys={keys} />;
}

/** The press that begins it and others like it: "s" of "s 1". */
export function FirstKbd({ command }: { command: CommandId }) {
  const keys = useKeysOf(command);
  return keys === null ? null : <Keys keys={keys.split(' ')[0] ?? keys} />;
}

/** "s 1" is two presses, "Ctrl+K" one. */
export function Keys({ keys }: { keys: string }) {
  return (
    <span className="kbds">
      {keyLabels(keys).map((label) => (
        <kbd key={label}>{label}</kbd>
      ))}
    </span>
  );
}
