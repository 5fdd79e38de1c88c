/** A row by its incident, and its place among the rows, counted from 0, where that one has left. */
export interface ActiveRow {
  readonly id: string;
  readonly index: number;
}

/*
 * The row that has the focus, or had it last: what the keys of rows are about. It changes with every press of `j`, so
 * it is kept outside of the tree, and only what shows it is drawn again.
 */
let active: ActiveRow | null = null;
const listeners = new Set<() => void>();

/** Calls back with every change of it; returns how to stop. */
export function followActiveRow(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Null as long as no row of this list has had the focus. */
export function activeRow(): ActiveRow | null {
  return active;
}

export function setActiveRow(next: ActiveRow | null): void {
  if (active?.id === next?.id && active?.index === next?.index) return;
  active = next;
  for (const listener of listeners) listener();
}
