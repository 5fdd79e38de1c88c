import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { toast } from 'sonner';
import { isUnauthenticated } from '@/api/session';
import { Avatar, NameMenu } from '@/components/NameMenu';
import { Popover } from '@/components/ui/Popover';
import { call } from '@/features/accounts/api/types';
import { ROLE_NAMES } from '@/features/accounts/model/roles';
import { useCommand } from '@/lib/commands';
import { loadAnew } from '@/lib/load-anew';
import { type Account, endSession, useCan, useSession } from '@/lib/session';

/** Who is at the keyboard: an account, or where there are none a name. */
export function PersonMenu() {
  const { account } = useSession().session;
  return account === null ? <NameMenu /> : <AccountMenu account={account} />;
}

function AccountMenu({ account: { name, role } }: { account: Account }) {
  const [open, setOpen] = useState(false);
  const navigate = useNavigate();
  const isAdmin = useCan('admin');
  const close = () => setOpen(false);
  useCommand('account.show', () => void navigate('/account'));
  useCommand('people.show', () => void navigate('/people'));
  useCommand('session.end', () => void signOut());
  return (
    <Popover
      label="Your account"
      align="end"
      open={open}
      onOpenChange={setOpen}
      trigger={
        <button
          type="button"
          className="btn ghost icon"
          aria-label={`Your account: ${name}`}
          data-tip={name}
        >
          <Avatar name={name} />
        </button>
      }
    >
      <p className="menu-title">
        <b dir="auto">{name}</b>, {ROLE_NAMES[role].toLowerCase()}
      </p>
      <Link className="menu-row" to="/account" onClick={close}>
        Account
      </Link>
      {isAdmin && (
        <Link className="menu-row" to="/people" onClick={close}>
          People
        </Link>
      )}
      <button type="button" className="menu-row w-full" onClick={() => void signOut()}>
        Sign out
      </button>
    </Popover>
  );
}

async function signOut(): Promise<void> {
  try {
    await call('DELETE /api/session', {});
  } catch (error) {
    // Whose session has ended is signed out already.
    if (!isUnauthenticated(error)) {
      toast.error(`Not signed out. ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
  }
  endSession();
  loadAnew('/');
}
