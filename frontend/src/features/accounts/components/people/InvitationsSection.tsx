import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useId, useRef, useState } from 'react';
import { describedBy, Field } from '@/components/ui/Field';
import { invitationsQuery, useAccountCall } from '@/features/accounts/api/queries';
import { ConfirmButton } from '@/features/accounts/components/ConfirmButton';
import { FormError } from '@/features/accounts/components/FormError';
import { RoleSelect } from '@/features/accounts/components/RoleSelect';
import { Secret } from '@/features/accounts/components/Secret';
import { focusList, Things } from '@/features/accounts/components/Things';
import { EMAIL_MAX } from '@/features/accounts/model/limits';
import { ROLE_NAMES, ROLES } from '@/features/accounts/model/roles';
import { useSending } from '@/features/accounts/model/sending';
import type { Role } from '@/lib/session';
import { formatLocal } from '@/lib/time';

const WHAT = 'open invitations';

/** Who may join, by a link that is handed on. */
export function InvitationsSection() {
  const query = useQuery(invitationsQuery());
  const { isSending, send, errorBeside } = useSending();
  const call = useAccountCall();
  return (
    <section className="panel" aria-labelledby="invite-title">
      <h2 id="invite-title">Invite</h2>
      <InvitationForm />
      <Things what={WHAT} query={query} empty="No invitation is open." error={errorBeside()}>
        {({ id, email, role, expiresAt, createdBy }) => (
          <>
            <span className="what">
              <strong>{email}</strong> <span className="tag">{ROLE_NAMES[role]}</span>
              <br />
              <span className="meta num">
                by <span dir="auto">{createdBy}</span> · good until {formatLocal(expiresAt)}
              </span>
            </span>
            <ConfirmButton
              label="Withdraw"
              about={`the invitation of ${email}`}
              sure="Yes, withdraw it"
              isBusy={isSending}
              onConfirm={() => {
                focusList(WHAT);
                void send(() => call('DELETE /api/invitations/{id}', { id }));
              }}
            />
          </>
        )}
      </Things>
    </section>
  );
}

function InvitationForm() {
  const id = useId();
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('responder');
  const [made, setMade] = useState<{ link: string; email: string } | null>(null);
  const { isSending, send, refuse, errorOf, errorBeside } = useSending();
  const call = useAccountCall();
  const field = useRef<HTMLInputElement>(null);
  const error = errorOf('email');

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (email.trim() === '') {
      refuse('Give an e-mail address.');
      field.current?.focus();
      return;
    }
    await send(async () => {
      setMade(await call('POST /api/invitations', { body: { email: email.trim(), role } }));
      setEmail('');
    });
  }

  return (
    <>
      <form
        className="account-form line"
        aria-label="Invite"
        onSubmit={(event) => void submit(event)}
        noValidate
      >
        <Field id={`${id}-email`} label="E-mail address" error={error}>
          <input
            ref={field}
            id={`${id}-email`}
            className="input"
            type="email"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            maxLength={EMAIL_MAX}
            placeholder="ana@example.org"
            aria-invalid={error !== undefined}
            aria-describedby={describedBy(`${id}-email`, undefined, error)}
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
        </Field>
        <div className="field small-field">
          <label className="label" htmlFor={`${id}-role`}>
            Role
          </label>
          <RoleSelect id={`${id}-role`} roles={ROLES} value={role} onChange={setRole} />
        </div>
        <button type="submit" className="btn primary" aria-disabled={isSending}>
          Make a link
        </button>
      </form>
      <FormError error={errorBeside('email')} />
      <p className="hint">
        Somebody who has an account and has forgotten the password sets a new one by such a link.
      </p>
      {made !== null && (
        <Secret
          key={made.link}
          label={`The link for ${made.email}`}
          value={made.link}
          hint={`Send it to ${made.email} yourself. It is shown this once, and good once, for 7 days.`}
          onDone={() => {
            setMade(null);
            field.current?.focus();
          }}
        />
      )}
    </>
  );
}
