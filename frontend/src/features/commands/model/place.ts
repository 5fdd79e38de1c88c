import { useEffect } from 'react';

/** Where the focus is, to be given back to it later: an element, and the row that it is in, since rows are drawn anew. */
export interface Place {
  readonly element: Element | null;
  readonly row: string | null;
  /** What the commands on incidents act on from here, as people say it: "INC-42", "3 incidents". */
  readonly subject: string;
}

/** Tells what a page's commands on incidents would act on, given the row that has the focus, if any has. */
type Describe = (row: HTMLTableRowElement | null) => string;
let describe: Describe | null = null;

export function useSubject(tell: Describe): void {
  useEffect(() => {
    describe = tell;
    return () => {
      describe = null;
    };
  });
}

export function placeNow(): Place {
  const element = document.activeElement;
  const row = rowOf(element);
  const subject = describe?.(row) ?? 'This incident';
  return { element, row: row?.dataset.id ?? null, subject };
}

export function rowOf(target: EventTarget | null): HTMLTableRowElement | null {
  return target instanceof Element ? target.closest('tr[data-id]') : null;
}

/**
 * Gives the focus back; returns where that is. Null where its row is gone: what was meant for that row must not happen
 * to another one.
 */
export function returnTo({ element, row }: Place): Element | null {
  // Nothing begins at the body but the whole page from its top.
  let target = element?.isConnected && element !== document.body ? element : null;
  if (target === null && row !== null) {
    target = document.querySelector(`tr[data-id="${CSS.escape(row)}"] .row-link`);
  }
  const focused = target ?? document.getElementById('content');
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  return target === null && row !== null ? null : focused;
}
