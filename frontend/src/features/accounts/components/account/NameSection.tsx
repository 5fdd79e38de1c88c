import { type FormEvent, useId, useState } from 'react';
import { toast } from 'sonner';
import { askSession } from '@/api/session';
import { describedBy, Field } from '@/components/ui/Field';
import { useAccountCall } from '@/features/accounts/api/queries';
import { FormError } from '@/features/accounts/components/FormError';
import { ROLE_NAMES } from '@/features/accounts/model/roles';
import { useSending } from '@/features/accounts/model/sending';
import { NAME_MAX } from '@/lib/display-name';
import type { Account } from '@/lib/session';

export function NameSection({ account }: { account: Account }) {
  const id = useId();
  const [name, setName] = useState(account.name);
  const { isSending, send, refuse, errorOf, errorBeside } = useSending();
  const call = useAccountCall();
  const error = errorOf('name');

  function submit(event: FormEvent) {
    event.preventDefault();
    const wanted = name.replace(/\s+/g, ' ').trim();
    if (wanted === '') return refuse('Give a name.');
    void send(async () => {
      await call('PATCH /api/me', { body: { name: wanted } });
      await askSession();
      toast.success('Name saved');
    });
  }

  return (
    <section className="panel" aria-labelledby="you-title">
      <h2 id="you-title">You</h2>
      <p className="hint">
        <span dir="auto">{account.email}</span> · {ROLE_NAMES[account.role]}
      </p>
      <form className="account-form narrow" onSubmit={submit} noValidate>
        <Field
          id={id}
          label="Name"
          hint="Signs what you change, and makes “Mine” yours."
          error={error}
        >
          <input
            id={id}
            className="input"
            autoComplete="name"
            maxLength={NAME_MAX}
            required
            aria-invalid={error !== undefined}
            aria-describedby={describedBy(id, ' ', error)}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <FormError error={errorBeside('name')} />
        <button type="submit" className="btn primary" aria-disabled={isSending}>
          Save name
        </button>
      </form>
    </section>
  );
}
