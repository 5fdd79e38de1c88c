import { type FormEvent, useId, useState } from 'react';
import { toast } from 'sonner';
import { describedBy, Field } from '@/components/ui/Field';
import { useAccountCall } from '@/features/accounts/api/queries';
import { FormError } from '@/features/accounts/components/FormError';
import { NewPassword } from '@/features/accounts/components/NewPassword';
import { checkPassword, PASSWORD_MAX } from '@/features/accounts/model/limits';
import { useSending } from '@/features/accounts/model/sending';
import type { Provider } from '@/lib/session';

/** In place of a password that is not there. */
export function NoPasswordSection({ provider }: { provider: Provider | null }) {
  return (
    <section className="panel" aria-labelledby="password-title">
      <h2 id="password-title">Password</h2>
      <p className="hint">
        {provider === null
          ? 'You have none. An admin can make a link by which you set one.'
          : `You sign in with ${provider.name}, and have no password here.`}
      </p>
    </section>
  );
}

export function PasswordSection({ email }: { email: string }) {
  const id = useId();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [wrong, setWrong] = useState<string>();
  const { isSending, send, refuse, errorOf, errorBeside } = useSending();
  const currentError = errorOf('password.current');
  const call = useAccountCall();

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (current === '') return refuse('Give the current password, too.');
    const reason = checkPassword(next);
    setWrong(reason ?? undefined);
    if (reason !== null) {
      document.getElementById(`${id}-new`)?.focus();
      return;
    }
    const isDone = await send(() =>
      call('PATCH /api/me', { body: { password: { current, new: next } } }),
    );
    if (!isDone) return;
    setCurrent('');
    setNext('');
    toast.success('Password changed. All other sessions have ended.');
  }

  return (
    <section className="panel" aria-labelledby="password-title">
      <h2 id="password-title">Password</h2>
      <form
        className="account-form narrow"
        onSubmit={(event) => void submit(event)}
        noValidate
        aria-labelledby="password-title"
      >
        {/* So that password managers know whose it is. */}
        <input hidden readOnly type="email" autoComplete="username" value={email} />
        <Field id={`${id}-current`} label="Current password" error={currentError}>
          <input
            id={`${id}-current`}
            className="input"
            type="password"
            autoComplete="current-password"
            maxLength={PASSWORD_MAX}
            required
            aria-invalid={currentError !== undefined}
            aria-describedby={describedBy(`${id}-current`, undefined, currentError)}
            value={current}
            onChange={(event) => setCurrent(event.target.value)}
          />
        </Field>
        <NewPassword
          id={`${id}-new`}
          label="New password"
          value={next}
          error={wrong ?? errorOf('password.new')}
          onChange={setNext}
        />
        <FormError error={errorBeside('password.current', 'password.new')} />
        <button type="submit" className="btn primary" aria-disabled={isSending}>
          Change password
        </button>
      </form>
    </section>
  );
}
