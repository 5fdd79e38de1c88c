import { useRef, useState } from 'react';
import type { Account } from '@/features/accounts/api/types';
import { RoleSelect } from '@/features/accounts/components/RoleSelect';
import { ROLE_NAMES, ROLES } from '@/features/accounts/model/roles';
import { useFocusBack } from '@/hooks/useFocusBack';
import type { Role } from '@/lib/session';

interface Props {
  account: Account;
  isBusy: boolean;
  /** Resolves once it is done, or was refused. */
  onChange: (role: Role) => Promise<void>;
}

/** Gives another role in two steps: a key in a list of choices, or a wheel over it, chooses without being meant to. */
export function RoleChange({ account: { name, role }, isBusy, onChange }: Props) {
  const [chosen, setChosen] = useState<Role | null>(null);
  const select = useRef<HTMLSelectElement>(null);
  const isOther = chosen !== null && chosen !== role;
  useFocusBack(isOther, () => select.current);

  async function give(next: Role) {
    await onChange(next);
    setChosen(null);
  }

  return (
    <span className="row">
      {isOther && (
        <button
          type="button"
          className="btn small primary"
          aria-disabled={isBusy}
          onClick={() => isBusy || void give(chosen)}
        >
          Make {name} {ROLE_NAMES[chosen].toLowerCase()}
        </button>
      )}
      <RoleSelect
        ref={select}
        label={`Role of ${name}`}
        roles={ROLES}
        value={chosen ?? role}
        isBusy={isBusy}
        onChange={setChosen}
      />
    </span>
  );
}
