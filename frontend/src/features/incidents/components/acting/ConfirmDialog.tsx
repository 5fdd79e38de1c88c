import { useEffect, useRef, useState } from 'react';
import { SeverityBadge } from '@/components/Badges';
import { Kbd } from '@/components/ui/Kbd';
import type { Question } from '@/features/incidents/api/acting';
import { isEditable } from '@/lib/keys';
import { formatCount } from '@/lib/numbers';

/**
 * Says how many are changed, how many of them are SEV1, and what then. Enter agrees, but where it may have been meant
 * for something else: for a field, or for another number. The focus goes back by itself.
 */
export function ConfirmDialog({ question: { prepared, answer } }: { question: Question }) {
  const { words, count, changed, sev1, again } = prepared;
  const dialog = useRef<HTMLDialogElement>(null);
  const agree = useRef<HTMLButtonElement>(null);
  const cancel = useRef<HTMLButtonElement>(null);
  const agreed = useRef(false);
  const [isTyping] = useState(() => isEditable(document.activeElement));
  useEffect(() => {
    dialog.current?.showModal();
    (isTyping || again ? cancel : agree).current?.focus();
  }, [isTyping, again]);

  return (
    <dialog
      ref={dialog}
      className="sheet confirm"
      aria-labelledby="confirm-title"
      aria-describedby="confirm-text"
      onClose={() => answer(agreed.current)}
    >
      <h2 id="confirm-title">{words}?</h2>
      <div id="confirm-text">
        {again && <p>Meanwhile another number matches.</p>}
        {sev1 > 0 && (
          <p>
            {formatCount(sev1)} of them {sev1 === 1 ? 'is' : 'are'}{' '}
            <SeverityBadge severity="SEV1" />.
          </p>
        )}
        {changed < count && (
          <p>
            {formatCount(changed)} will change, {formatCount(count - changed)} already{' '}
            {count - changed === 1 ? 'is' : 'are'} so.
          </p>
        )}
        <p>
          One Undo <Kbd command="change.undo" /> takes all of it back.
        </p>
      </div>
      <div className="row">
        <button ref={cancel} type="button" className="btn" onClick={() => dialog.current?.close()}>
          Cancel
        </button>
        <button
          ref={agree}
          type="button"
          className="btn primary"
          onClick={() => {
            agreed.current = true;
            dialog.current?.close();
          }}
        >
          {words}
        </button>
      </div>
    </dialog>
  );
}
