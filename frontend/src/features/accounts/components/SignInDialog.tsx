import { useEffect, useRef } from 'react';
import { useLocation } from 'react-router';
import { useSession } from '@/lib/session';
import { SignInForm } from './SignInForm';

/** Lies over the page, which stays as it is until somebody has signed in again. */
export function SignInDialog({ onClose }: { onClose: () => void }) {
  const { account } = useSession().session;
  const { pathname, search } = useLocation();
  const hasPassword = account?.hasPassword ?? true;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    const focused = document.activeElement;
    if (element && !element.open) {
      element.showModal();
      // Whoever has no password here goes the way of the organisation.
      const way = hasPassword ? 'input[type=password]' : 'a';
      element.querySelector<HTMLElement>(way)?.focus();
    }
    return () => {
      // The browser gives the focus back where a dialog is closed, and not where it is taken away.
      const isThere = focused instanceof HTMLElement && focused.isConnected;
      const hadFocus = isThere && focused !== document.body;
      (hadFocus ? focused : document.getElementById('content'))?.focus({ preventScroll: true });
    };
  }, [hasPassword]);

  return (
    <dialog ref={dialog} className="sheet" aria-labelledby="sign-in-title" onClose={onClose}>
      <header>
        <h2 id="sign-in-title">Sign in again</h2>
        <button type="button" className="btn ghost" onClick={() => dialog.current?.close()}>
          Not now
        </button>
      </header>
      <p className="sign-in-why">
        Your session has ended. The page stays as it is, and what you sent waits until you are back.
      </p>
      <SignInForm isOverPage email={account?.email ?? ''} to={pathname + search} />
    </dialog>
  );
}
