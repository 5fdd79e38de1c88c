import { useEffect, useRef } from 'react';

/**
 * Once an editor is gone, the focus goes back to the button that opened it. When something else has taken the focus
 * meanwhile, it stays there.
 */
export function useFocusBack(open: boolean, target: () => HTMLElement | null | undefined): void {
  const wasOpen = useRef(open);
  useEffect(() => {
    const isLost = document.activeElement === null || document.activeElement === document.body;
    if (wasOpen.current && !open && isLost) target()?.focus();
    wasOpen.current = open;
  });
}
