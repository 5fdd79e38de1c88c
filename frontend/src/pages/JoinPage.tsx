import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { Link, useLocation, useNavigate } from 'react-router';
import { ApiError } from '@/api/problem';
import { describedBy, Field } from '@/components/ui/Field';
import { call, type InvitationTerms } from '@/features/accounts/api/types';
import { Card } from '@/features/accounts/components/Card';
import { FormError } from '@/features/accounts/components/FormError';
import { NewPassword } from '@/features/accounts/components/NewPassword';
import { ProviderLink } from '@/features/accounts/components/ProviderLink';
import { checkPassword } from '@/features/accounts/model/limits';
import { ROLE_NAMES } from '@/features/accounts/model/roles';
import { useSending } from '@/features/accounts/model/sending';
import { NAME_MAX } from '@/lib/display-name';
import { loadAnew } from '@/lib/load-anew';
import { hearSession, useSession } from '@/lib/session';
import { formatLocal } from '@/lib/time';

/** Where the link of an invitation leads. What is in it stays after the `#`, which no server and no log sees. */
export default function JoinPage() {
  const token = useLocation().hash.slice(1);
  const { data, error, refetch } = useQuery({
    queryKey: ['invitation', token],
    queryFn: ({ signal }) => call('POST /api/invitations/read', { body: { token }, signal }),
    enabled: token !== '',
    // What was typed must not go because something was looked up again.
    staleTime: Number.POSITIVE_INFINITY,
  });
  const isGone = token === '' || (error instanceof ApiError && error.status === 404);
  if (isGone) {
    return (
      <Card title="This link is of no use">
        <p>
          It may have been used, withdrawn or cut short, or be older than 7 days. An admin can make
          another one.
        </p>
        <Link className="btn" to="/">
          Open incidents
        </Link>
      </Card>
    );
  }
  if (error) {
    return (
      <Card title="Join">
        <p className="note bad" role="alert">
          {error.message}
        </p>
        <button type="button" className="btn" onClick={() => void refetch()}>
          Try again
        </button>
      </Card>
    );
  }
  if (!data) return null;
  return <JoinForm token={token} terms={data} />;
}

function JoinForm({ token, terms }: { token: string; terms: InvitationTerms }) {
  const { email, role, expiresAt, isReset } = terms;
  const { oidc } = useSession().session.methods;
  const id = useId();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [wrong, setWrong] = useState<string>();
  const { isSending, send, refuse, errorOf, errorBeside } = useSending();
  const nameError = errorOf('name');

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (!isReset && name.trim() === '') {
      refuse('Give your name.');
      document.getElementById(`${id}-name`)?.focus();
      return;
    }
    const reason = checkPassword(password);
    setWrong(reason ?? undefined);
    if (reason !== null) {
      document.getElementById(`${id}-password`)?.focus();
      return;
    }
    await send(async () => {
      const body = { token, password, ...(!isReset && { name: name.trim() }) };
      const isAnother = hearSession(await call('POST /api/invitations/accept', { body }));
      if (isAnother) loadAnew('/');
      else await navigate('/', { replace: true });
    });
  }

  return (
    <Card title={isReset ? 'Set a new password' : 'Join'}>
      <p>
        {isReset ? (
          <>
            For <b>{email}</b>. All sessions end, and you are signed in here.
          </>
        ) : (
          <>
            <b>{email}</b> is invited as {ROLE_NAMES[role].toLowerCase()}, until{' '}
            {formatLocal(expiresAt)}.
          </>
        )}
      </p>
      <form className="account-form" onSubmit={(event) => void submit(event)} noValidate>
        {/* So that password managers know whose it is. */}
        <input hidden readOnly type="email" autoComplete="username" value={email} />
        {!isReset && (
          <Field
            id={`${id}-name`}
            label="Your name"
            hint="Signs what you change."
            error={nameError}
          >
            <input
              id={`${id}-name`}
              className="input"
              autoComplete="name"
              autoFocus
              maxLength={NAME_MAX}
              required
              aria-invalid={nameError !== undefined}
              aria-describedby={describedBy(`${id}-name`, ' ', nameError)}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          </Field>
        )}
        <NewPassword
          id={`${id}-password`}
          label={isReset ? 'New password' : 'Password'}
          autoFocus={isReset}
          value={password}
          error={wrong ?? errorOf('password')}
          onChange={setPassword}
        />
        <FormError error={errorBeside('name', 'password')} />
        <button type="submit" className="btn primary" aria-disabled={isSending}>
          {isReset ? 'Set the password' : 'Join'}
        </button>
        {!isReset && oidc !== null && <ProviderLink provider={oidc} to="/" isPrimary={false} />}
      </form>
    </Card>
  );
}
