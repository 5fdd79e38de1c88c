import { describedBy, Field } from '@/components/ui/Field';
import { PASSWORD_MAX, PASSWORD_MIN } from '@/features/accounts/model/limits';

interface Props {
  id: string;
  label: string;
  value: string;
  error: string | undefined;
  onChange: (value: string) => void;
  autoFocus?: boolean;
}

export function NewPassword({ id, label, value, error, onChange, autoFocus = false }: Props) {
  const hint = `At least ${PASSWORD_MIN} characters.`;
  return (
    <Field id={id} label={label} hint={hint} error={error}>
      <input
        id={id}
        className="input"
        type="password"
        autoComplete="new-password"
        autoFocus={autoFocus}
        maxLength={PASSWORD_MAX}
        required
        aria-invalid={error !== undefined}
        aria-describedby={describedBy(id, hint, error)}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </Field>
  );
}
