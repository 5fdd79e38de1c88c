import type { Ref } from 'react';
import { ROLE_NAMES } from '@/features/accounts/model/roles';
import type { Role } from '@/lib/session';

interface Props {
  ref?: Ref<HTMLSelectElement>;
  id?: string;
  label?: string;
  roles: readonly Role[];
  value: Role;
  isBusy?: boolean;
  onChange: (role: Role) => void;
}

export function RoleSelect({ ref, id, label, roles, value, isBusy = false, onChange }: Props) {
  return (
    <select
      ref={ref}
      id={id}
      className="input"
      aria-label={label}
      aria-disabled={isBusy || undefined}
      value={value}
      onChange={(event) => isBusy || onChange(event.target.value as Role)}
    >
      {roles.map((role) => (
        <option key={role} value={role}>
          {ROLE_NAMES[role]}
        </option>
      ))}
    </select>
  );
}
