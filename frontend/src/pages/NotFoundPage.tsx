import { Link, useLocation } from 'react-router';
import { useHomePath } from '@/lib/home';

export function NotFoundPage() {
  const { pathname } = useLocation();
  return (
    <div className="state">
      <title>Not found · Incident Tracker</title>
      <p className="code">404</p>
      <h1>There is no page here</h1>
      <p>
        <code>{pathname}</code> leads nowhere. The address may be mistyped, or the link old.
      </p>
      <Link className="btn" to={useHomePath()}>
        Open incidents
      </Link>
    </div>
  );
}
