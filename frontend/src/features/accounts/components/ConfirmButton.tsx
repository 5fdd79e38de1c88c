import { type KeyboardEvent, useRef, useState } from 'react';
import { useFocusBack } from '@/hooks/useFocusBack';

interface Props {
  label: string;
  /** What the button is about, for whoever does not see what stands beside it. */
  about?: string;
  /** What it says once it has to be pressed again, since nothing takes it back. */
  sure: string;
  isBusy: boolean;
  onConfirm: () => void;
}

/** A button that asks once more. */
export function ConfirmButton({ label, about = '', sure, isBusy, onConfirm }: Props) {
  const [isAsking, setIsAsking] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  useFocusBack(isAsking, () => button.current);
  const name = `${label} ${about}`.trim();
  const stop = () => setIsAsking(false);
  const onKeyDown = ({ key }: KeyboardEvent) => key === 'Escape' && stop();

  if (!isAsking) {
    return (
      <button
        ref={button}
        type="button"
        className="btn small"
        aria-label={name}
        aria-disabled={isBusy}
        onClick={() => isBusy || setIsAsking(true)}
      >
        {label}
      </button>
    );
  }
  return (
    <span className="row" role="group" aria-label={`${name}?`}>
      <button
        type="button"
        className="btn small danger"
        autoFocus
        onKeyDown={onKeyDown}
        onClick={() => {
          stop();
          onConfirm();
        }}
      >
        {sure}
      </button>
      <button type="button" className="btn small" onKeyDown={onKeyDown} onClick={stop}>
        Cancel
      </button>
    </span>
  );
}
