import { cloneElement, type ReactElement, type ReactNode, type Ref, useRef } from 'react';
import { lazyPart } from '@/lib/lazy-part';

interface Trigger {
  ref?: Ref<HTMLButtonElement>;
  onClick?: () => void;
  'aria-haspopup'?: 'dialog';
  'aria-expanded'?: boolean;
  'data-state'?: 'open' | 'closed';
}

interface Props {
  /** A button. */
  trigger: ReactElement<Trigger>;
  label: string;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  align?: 'start' | 'end';
  children: ReactNode;
}

const Content = lazyPart(async () => (await import('./PopoverContent')).PopoverContent);

/** A small non-modal dialog beside its button: Escape or a click outside closes it and focus goes back. */
export function Popover({ trigger, label, open, onOpenChange, align = 'start', children }: Props) {
  const button = useRef<HTMLButtonElement>(null);
  const close = () => onOpenChange(false);
  return (
    <>
      {cloneElement(trigger, {
        ref: button,
        onClick: () => onOpenChange(!open),
        'aria-haspopup': 'dialog',
        'aria-expanded': open,
        'data-state': open ? 'open' : 'closed',
      })}
      <Content
        isWanted={open}
        onFailed={close}
        trigger={button}
        label={label}
        align={align}
        onClose={close}
      >
        {children}
      </Content>
    </>
  );
}
