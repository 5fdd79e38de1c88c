import { LogIn } from 'lucide-react';
import { useState } from 'react';
import { lazyPart } from '@/lib/lazy-part';
import { useSession } from '@/lib/session';

const SignInDialog = lazyPart(async () => (await import('./SignInDialog')).SignInDialog);

/** Where the session has ended under the page, asks to sign in again; put off, a note stays. */
export function LostSession() {
  const { isLost } = useSession();
  const [isPutOff, setIsPutOff] = useState(false);
  if (!isLost && isPutOff) setIsPutOff(false);
  const putOff = () => setIsPutOff(true);
  return (
    <>
      <SignInDialog isWanted={isLost && !isPutOff} onFailed={putOff} onClose={putOff} />
      {isLost && isPutOff && (
        <p className="notice offline" role="status">
          You are signed out. What you send waits until you are back.
          <button type="button" className="btn small" onClick={() => setIsPutOff(false)}>
            <LogIn aria-hidden="true" />
            Sign in
          </button>
        </p>
      )}
    </>
  );
}
