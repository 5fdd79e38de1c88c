import { useEffect, useRef } from 'react';
import { isFocusLost } from '@/lib/focus';

/**
 * Once an editor is gone, the focus goes back to the button that opened it. When something else has taken the focus
 * meanwhile, it stays there.
 */
export function useFocusBack(open: boolean, target: () => HTMLElement | null | undefined): void {
  const wasOpen = useRef(open);
  useEffect(() => {
    if (wasOpen.current && !open && isFocusLost()) target()?.focus();
    wasOpen.current = open;
  });
}
