import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import { ApiError } from '@/api/problem';
import { Field } from '@/components/ui/Field';
import { call } from '@/features/accounts/api/types';
import { useCountdown } from '@/features/accounts/model/countdown';
import { loadAnew } from '@/lib/load-anew';
import { hearSession, useSession } from '@/lib/session';
import { ProviderLink } from './ProviderLink';
import './accounts.css';

interface Props {
  /** Who was signed in here before. */
  email?: string;
  /** Whether the page below has to stay, so that whatever leads elsewhere opens in another tab. */
  isOverPage?: boolean;
  /** The page that one wants to come to. */
  to: string;
  /** Whether the focus comes here. */
  isFocused?: boolean;
}

/** Signs in by password, by the organisation's own way, or either, as the server has it. */
export function SignInForm(props: Props) {
  const { email = '', isOverPage = false, to, isFocused = true } = props;
  const { methods } = useSession().session;
  return (
    <div className="sign-in">
      {methods.password && <PasswordForm before={email} isFocused={isFocused} />}
      {methods.oidc && (
        <ProviderLink
          provider={methods.oidc}
          to={to}
          isPrimary={!methods.password}
          isFocused={isFocused && !methods.password}
          isOverPage={isOverPage}
        />
      )}
      {methods.oidc && isOverPage && (
        <p className="hint">That opens another tab. Come back to this one afterwards.</p>
      )}
      {!methods.password && !methods.oidc && (
        <p className="note">
          The server offers no way to sign in. Whoever runs it can change that.
        </p>
      )}
    </div>
  );
}

/** "12:34" */
function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

function PasswordForm({ before, isFocused }: { before: string; isFocused: boolean }) {
  const id = useId();
  const [email, setEmail] = useState(before);
  const [password, setPassword] = useState('');
  const [error, setError] = useState<string | null>(null);
  const [isSending, setIsSending] = useState(false);
  const wait = useCountdown();
  const passwordField = useRef<HTMLInputElement>(null);
  const emailField = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (isFocused) (before === '' ? emailField : passwordField).current?.focus();
  }, [before, isFocused]);

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (isSending || wait.seconds > 0) return;
    if (email.trim() === '' || password === '') {
      setError('Give your e-mail address and your password.');
      (email.trim() === '' ? emailField : passwordField).current?.focus();
      return;
    }
    setIsSending(true);
    setError(null);
    try {
      const body = { email: email.trim(), password };
      if (hearSession(await call('POST /api/session', { body }))) loadAnew();
    } catch (cause) {
      const asked = cause instanceof ApiError && cause.status === 429 ? cause.retryAfterMs : null;
      if (asked !== null) wait.begin(asked);
      setError(cause instanceof Error ? cause.message : String(cause));
      passwordField.current?.focus();
      passwordField.current?.select();
    } finally {
      setIsSending(false);
    }
  }

  const isWaiting = wait.seconds > 0;
  const describedBy = error === null ? undefined : `${id}-error`;
  return (
    <form className="account-form" onSubmit={(event) => void submit(event)} noValidate>
      <Field id={`${id}-email`} label="E-mail address" error={undefined}>
        <input
          ref={emailField}
          id={`${id}-email`}
          className="input"
          type="email"
          inputMode="email"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={254}
          required
          aria-describedby={describedBy}
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
      </Field>
      <Field id={`${id}-password`} label="Password" error={undefined}>
        <input
          ref={passwordField}
          id={`${id}-password`}
          className="input"
          type="password"
          autoComplete="current-password"
          maxLength={256}
          required
          aria-describedby={describedBy}
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
      </Field>
      {error !== null && (
        <p id={`${id}-error`} className="note bad" role="alert">
          {error}
        </p>
      )}
      <button type="submit" className="btn primary" aria-disabled={isSending || isWaiting}>
        {isWaiting ? `Try again in ${clock(wait.seconds)}` : isSending ? 'Signing in…' : 'Sign in'}
      </button>
    </form>
  );
}
