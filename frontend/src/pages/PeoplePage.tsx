import { Link } from 'react-router';
import { AccountsSection } from '@/features/accounts/components/people/AccountsSection';
import { InvitationsSection } from '@/features/accounts/components/people/InvitationsSection';
import { useCan, useSession } from '@/lib/session';
import { NotFoundPage } from './NotFoundPage';
import '@/features/accounts/components/accounts.css';

/** Who has an account, and who is invited. For admins. */
export default function PeoplePage() {
  const { account } = useSession().session;
  const isAdmin = useCan('admin');
  if (account === null) return <NotFoundPage />;
  if (!isAdmin) {
    return (
      <div className="state">
        <title>People · Incident Tracker</title>
        <h1>Admins look after people</h1>
        <p>Inviting people and giving them roles needs the role of an admin.</p>
        <Link className="btn" to="/account">
          Your account
        </Link>
      </div>
    );
  }
  return (
    <div className="page account">
      <title>People · Incident Tracker</title>
      <h1 className="page-title">People</h1>
      <InvitationsSection />
      <AccountsSection me={account} />
    </div>
  );
}
