/** Where the focus is, to be given back to it later: an element, and the row that it is in, since rows are drawn anew. */
export interface Place {
  readonly element: Element | null;
  readonly row: string | null;
}

export function placeNow(): Place {
  const element = document.activeElement;
  return { element, row: element?.closest<HTMLElement>('tr[data-id]')?.dataset.id ?? null };
}

/**
 * Gives the focus back; returns where that is. Null where its row is gone: what was meant for that row must not happen
 * to another one.
 */
export function returnTo({ element, row }: Place): Element | null {
  let target = element?.isConnected ? element : null;
  if (target === null && row !== null) {
    target = document.querySelector(`tr[data-id="${CSS.escape(row)}"] .row-link`);
  }
  const focused = target ?? document.getElementById('content');
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  return target === null && row !== null ? null : focused;
}
