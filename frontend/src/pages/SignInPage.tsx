import { useEffect, useRef } from 'react';
import { useLocation } from 'react-router';
import { Card } from '@/features/accounts/components/Card';
import { SignInForm } from '@/features/accounts/components/SignInForm';
import { signInProblem } from '@/features/accounts/model/sign-in-problem';
import { useSession } from '@/lib/session';
import { pageAfterSignIn, SIGN_IN_PATH } from '@/lib/sign-in-path';

/** Stands in place of the page that was asked for, under its address, which is there once somebody has signed in. */
export default function SignInPage() {
  const { oidc } = useSession().session.methods;
  const { pathname, search } = useLocation();
  const isOwnAddress = pathname === SIGN_IN_PATH;
  const code = isOwnAddress ? new URLSearchParams(search).get('problem') : null;
  const problem = code !== null && oidc !== null ? signInProblem(code, oidc.name) : null;
  const note = useRef<HTMLParagraphElement>(null);
  useEffect(() => note.current?.focus(), []);
  return (
    <Card title="Sign in">
      {problem !== null && (
        <p ref={note} tabIndex={-1} className="note bad" role="alert">
          {problem}
        </p>
      )}
      <SignInForm
        to={isOwnAddress ? pageAfterSignIn(search) : pathname + search}
        isFocused={problem === null}
      />
    </Card>
  );
}
