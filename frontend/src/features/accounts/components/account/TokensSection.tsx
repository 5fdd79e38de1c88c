import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useId, useRef, useState } from 'react';
import { TimeAgo } from '@/components/TimeAgo';
import { describedBy, Field } from '@/components/ui/Field';
import { tokensQuery, useAccountCall } from '@/features/accounts/api/queries';
import { ConfirmButton } from '@/features/accounts/components/ConfirmButton';
import { FormError } from '@/features/accounts/components/FormError';
import { RoleSelect } from '@/features/accounts/components/RoleSelect';
import { Secret } from '@/features/accounts/components/Secret';
import { focusList, Things } from '@/features/accounts/components/Things';
import { TOKEN_NAME_MAX } from '@/features/accounts/model/limits';
import { ROLE_NAMES, rolesUpTo } from '@/features/accounts/model/roles';
import { useSending } from '@/features/accounts/model/sending';
import type { Account, Role } from '@/lib/session';
import { DAY, formatLocal } from '@/lib/time';

const WHAT = 'tokens';

const EXPIRIES = [
  { days: 30, words: '30 days' },
  { days: 90, words: '90 days' },
  { days: 365, words: 'a year' },
  { days: null, words: 'no end' },
] as const;

/** What scripts sign their requests with. */
export function TokensSection({ account }: { account: Account }) {
  const query = useQuery(tokensQuery());
  const { isSending, send, errorBeside } = useSending();
  const call = useAccountCall();

  return (
    <section className="panel" aria-labelledby="tokens-title">
      <h2 id="tokens-title">Tokens</h2>
      <p className="hint">
        For scripts: <code>Authorization: Bearer itk_…</code> in place of signing in.
      </p>
      <TokenForm account={account} />
      <Things what={WHAT} query={query} empty="There are none." error={errorBeside()}>
        {({ id, name, role, account: owner, createdAt, lastUsedAt, expiresAt }) => (
          <>
            <span className="what">
              <strong dir="auto">{name}</strong> <span className="tag">{ROLE_NAMES[role]}</span>
              <br />
              <span className="meta num">
                {owner.id !== account.id && (
                  <>
                    of <span dir="auto">{owner.name}</span> ·{' '}
                  </>
                )}
                created <TimeAgo at={createdAt} label="Created" ago /> ·{' '}
                {lastUsedAt === null ? (
                  'never used'
                ) : (
                  <>
                    last used <TimeAgo at={lastUsedAt} label="Last used" ago />
                  </>
                )}{' '}
                · {expiresAt === null ? 'does not end' : `ends ${formatLocal(expiresAt)}`}
              </span>
            </span>
            <ConfirmButton
              label="Revoke"
              about={name}
              sure="Yes, revoke it"
              isBusy={isSending}
              onConfirm={() => {
                focusList(WHAT);
                void send(() => call('DELETE /api/tokens/{id}', { id }));
              }}
            />
          </>
        )}
      </Things>
    </section>
  );
}

function TokenForm({ account }: { account: Account }) {
  const id = useId();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [days, setDays] = useState<number | null>(90);
  const [secret, setSecret] = useState<string | null>(null);
  const { isSending, send, refuse, errorOf, errorBeside } = useSending();
  const call = useAccountCall();
  const field = useRef<HTMLInputElement>(null);
  const error = errorOf('name');

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (name.trim() === '') {
      refuse('Give it a name.');
      field.current?.focus();
      return;
    }
    const expiresAt = days === null ? null : new Date(Date.now() + days * DAY).toISOString();
    await send(async () => {
      const made = await call('POST /api/tokens', { body: { name: name.trim(), role, expiresAt } });
      setSecret(made.token);
      setName('');
    });
  }

  return (
    <>
      <form
        className="account-form line"
        aria-label="New token"
        onSubmit={(event) => void submit(event)}
        noValidate
      >
        <Field id={`${id}-name`} label="Name" error={error}>
          <input
            ref={field}
            id={`${id}-name`}
            className="input"
            autoComplete="off"
            maxLength={TOKEN_NAME_MAX}
            placeholder="Deploy script"
            aria-invalid={error !== undefined}
            aria-describedby={describedBy(`${id}-name`, undefined, error)}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <div className="field small-field">
          <label className="label" htmlFor={`${id}-role`}>
            Role
          </label>
          <RoleSelect
            id={`${id}-role`}
            roles={rolesUpTo(account.role)}
            value={role}
            onChange={setRole}
          />
        </div>
        <div className="field small-field">
          <label className="label" htmlFor={`${id}-days`}>
            Good for
          </label>
          <select
            id={`${id}-days`}
            className="input"
            value={days ?? ''}
            onChange={(event) => setDays(Number(event.target.value) || null)}
          >
            {EXPIRIES.map((one) => (
              <option key={one.words} value={one.days ?? ''}>
                {one.words}
              </option>
            ))}
          </select>
        </div>
        <button type="submit" className="btn primary" aria-disabled={isSending}>
          Create token
        </button>
      </form>
      <FormError error={errorBeside('name')} />
      {secret !== null && (
        <Secret
          key={secret}
          label="The new token"
          value={secret}
          hint="Copy it now. It is shown this once, and whoever has it may do what its role may."
          onDone={() => {
            setSecret(null);
            field.current?.focus();
          }}
        />
      )}
    </>
  );
}
