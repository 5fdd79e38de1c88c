import { Card } from '@/features/accounts/components/Card';
import { SignInForm } from '@/features/accounts/components/SignInForm';

/** Stands in place of the page that was asked for, under its address, which is there once somebody has signed in. */
export default function SignInPage() {
  return (
    <Card title="Sign in">
      <SignInForm />
    </Card>
  );
}
