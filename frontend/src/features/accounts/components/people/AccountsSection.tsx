import { useQuery } from '@tanstack/react-query';
import { toast } from 'sonner';
import { askSession } from '@/api/session';
import { TimeAgo } from '@/components/TimeAgo';
import { accountsQuery, useAccountCall } from '@/features/accounts/api/queries';
import type { Account } from '@/features/accounts/api/types';
import { ConfirmButton } from '@/features/accounts/components/ConfirmButton';
import { RoleChange } from '@/features/accounts/components/people/RoleChange';
import { Things } from '@/features/accounts/components/Things';
import { ROLE_NAMES } from '@/features/accounts/model/roles';
import { useSending } from '@/features/accounts/model/sending';
import { useSession } from '@/lib/session';

/** Everybody who has an account, and what they may do. */
export function AccountsSection({ me }: { me: Account }) {
  const { oidc } = useSession().session.methods;
  const query = useQuery(accountsQuery());
  const { isSending, send, errorBeside } = useSending();
  const call = useAccountCall();

  async function change(
    { id, name }: Account,
    body: Partial<Pick<Account, 'role' | 'disabled'>>,
    done: string,
  ) {
    const isDone = await send(() => call('PATCH /api/accounts/{id}', { id, body }));
    if (isDone) toast.success(`${name} ${done}`);
    // Whoever takes something from themselves sees it at once.
    if (isDone && id === me.id) await askSession();
  }

  return (
    <section className="panel" aria-labelledby="accounts-title">
      <h2 id="accounts-title">Accounts</h2>
      <Things what="accounts" query={query} empty="There are none." error={errorBeside()}>
        {(account) => {
          const { id, name, email, disabled, lastSeenAt } = account;
          return (
            <>
              <span className="what">
                <strong dir="auto">{name}</strong>{' '}
                {id === me.id && <span className="tag">you</span>}{' '}
                {disabled && <span className="tag">disabled</span>}
                <br />
                <span className="meta num">
                  {email} · {account.linked && oidc !== null && `signs in with ${oidc.name} · `}
                  {lastSeenAt === null ? (
                    'never seen'
                  ) : (
                    <>
                      seen <TimeAgo at={lastSeenAt} label="Seen" ago />
                    </>
                  )}
                </span>
              </span>
              {account.linked && oidc?.decidesRoles ? (
                <span>
                  {ROLE_NAMES[account.role]}{' '}
                  <span className="meta">
                    by <span dir="auto">{oidc.name}</span>
                  </span>
                </span>
              ) : (
                <RoleChange
                  account={account}
                  isBusy={isSending}
                  onChange={(next) =>
                    change(account, { role: next }, `is ${ROLE_NAMES[next].toLowerCase()} now`)
                  }
                />
              )}
              {disabled ? (
                <button
                  type="button"
                  className="btn small"
                  aria-label={`Enable ${name}`}
                  aria-disabled={isSending}
                  onClick={() => void change(account, { disabled: false }, 'can sign in again')}
                >
                  Enable
                </button>
              ) : (
                <ConfirmButton
                  label="Disable"
                  about={name}
                  sure="Yes, end their sessions"
                  isBusy={isSending}
                  onConfirm={() => void change(account, { disabled: true }, 'is disabled')}
                />
              )}
            </>
          );
        }}
      </Things>
    </section>
  );
}
