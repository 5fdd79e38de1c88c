import { type RefObject, useEffect, useRef } from 'react';
import { type Place, returnTo } from '@/features/commands/model/place';
import { isFocusLost } from '@/lib/focus';

/** Opens a native dialog as it is mounted, and gives the focus back to `place` when it is gone. */
export function useModal(place: Place): RefObject<HTMLDialogElement | null> {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (element && !element.open) element.showModal();
    return () => {
      // When a command or a click has put the focus elsewhere meanwhile, it stays there.
      if (isFocusLost() || !document.activeElement?.isConnected) returnTo(place);
    };
  }, [place]);
  return dialog;
}
