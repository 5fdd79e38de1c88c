import { type CommandId, keysOf } from '@/lib/commands';
import { keyLabels } from '@/lib/keys';

export function Kbd({ command }: { command: CommandId }) {
  return (
    <span className="kbds">
      {keyLabels(keysOf(command) ?? '').map((label) => (
        <kbd key={label}>{label}</kbd>
      ))}
    </span>
  );
}
