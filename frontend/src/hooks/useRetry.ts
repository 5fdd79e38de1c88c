import { useEffect, useEffectEvent, useRef } from 'react';
import { isFocusLost } from '@/lib/focus';

interface Query {
  isFetching: boolean;
  refetch: () => Promise<unknown>;
}

/**
 * Tries again, for a button that goes away with the message it belongs to. Once the answer is there, be it what was
 * asked for or another failure, the focus that was on the button goes to `target`.
 */
export function useRetry(
  { isFetching, refetch }: Query,
  target: () => HTMLElement | null | undefined,
): () => void {
  const asked = useRef(false);
  const giveFocus = useEffectEvent(() => {
    if (isFocusLost()) target()?.focus();
  });
  useEffect(() => {
    if (isFetching || !asked.current) return;
    asked.current = false;
    giveFocus();
  }, [isFetching]);
  return () => {
    asked.current = true;
    void refetch();
  };
}
