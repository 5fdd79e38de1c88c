import { NameSection } from '@/features/accounts/components/account/NameSection';
import {
  NoPasswordSection,
  PasswordSection,
} from '@/features/accounts/components/account/PasswordSection';
import { SessionsSection } from '@/features/accounts/components/account/SessionsSection';
import { TokensSection } from '@/features/accounts/components/account/TokensSection';
import { useSession } from '@/lib/session';
import { NotFoundPage } from './NotFoundPage';
import '@/features/accounts/components/accounts.css';

/** What belongs to the person who is signed in. */
export default function AccountPage() {
  const { account, methods } = useSession().session;
  if (account === null) return <NotFoundPage />;
  return (
    <div className="page account">
      <title>Account · Incident Tracker</title>
      <h1 className="page-title">Account</h1>
      <NameSection account={account} />
      {account.hasPassword ? (
        <PasswordSection email={account.email} />
      ) : (
        <NoPasswordSection provider={methods.oidc} />
      )}
      <SessionsSection />
      <TokensSection account={account} />
    </div>
  );
}
