import { Popover as Radix } from 'radix-ui';
import type { ReactNode, RefObject } from 'react';

interface Props {
  trigger: RefObject<HTMLElement | null>;
  label: string;
  align: 'start' | 'end';
  onClose: () => void;
  children: ReactNode;
}

export function PopoverContent({ trigger, label, align, onClose, children }: Props) {
  return (
    <Radix.Root open onOpenChange={onClose}>
      <Radix.Anchor virtualRef={trigger as RefObject<HTMLElement>} />
      <Radix.Portal>
        <Radix.Content
          className="popover"
          align={align}
          sideOffset={6}
          collisionPadding={8}
          aria-label={label}
          onInteractOutside={(event) => {
            // Signing in again lies over it, and what was typed in it stays.
            if ((event.target as Element).closest('dialog')) event.preventDefault();
            // A button that opened it closes it by itself.
            const isToggle = trigger.current?.getAttribute('aria-expanded') === 'true';
            if (isToggle && trigger.current?.contains(event.target as Node)) event.preventDefault();
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            trigger.current?.focus({ preventScroll: true });
          }}
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
