import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react';
import { SeverityBadge } from '@/components/Badges';
import { Kbd } from '@/components/ui/Kbd';
import type { Confirm, Prepared } from '@/features/incidents/model/triage';
import { formatCount } from '@/lib/numbers';

interface Question {
  prepared: Prepared;
  answer: (yes: boolean) => void;
}

/** How to ask before many are changed, and the dialog that asks while it does. */
export function useConfirm(): [Confirm, ReactNode] {
  const [question, setQuestion] = useState<Question | null>(null);
  const confirm = useCallback(
    (prepared: Prepared) =>
      new Promise<boolean>((resolve) => {
        setQuestion({ prepared, answer: resolve });
      }),
    [],
  );
  function close(yes: boolean) {
    question?.answer(yes);
    setQuestion(null);
  }
  const dialog = question && <ConfirmDialog prepared={question.prepared} onClose={close} />;
  return [confirm, dialog];
}

interface Props {
  prepared: Prepared;
  onClose: (yes: boolean) => void;
}

/** Says how many are changed, how many of them are SEV1, and what then. Enter agrees; the focus goes back by itself. */
function ConfirmDialog({ prepared, onClose }: Props) {
  const { words, count, changed, sev1, again } = prepared;
  const dialog = useRef<HTMLDialogElement>(null);
  const agree = useRef<HTMLButtonElement>(null);
  const agreed = useRef(false);
  useEffect(() => {
    dialog.current?.showModal();
    agree.current?.focus();
  }, []);

  return (
    <dialog
      ref={dialog}
      className="sheet confirm"
      aria-labelledby="confirm-title"
      aria-describedby="confirm-text"
      onClose={() => onClose(agreed.current)}
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
        <button type="button" className="btn" onClick={() => dialog.current?.close()}>
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
