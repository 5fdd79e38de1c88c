import { useSyncExternalStore } from 'react';
import type { Place } from './place';

/** Which of the surfaces of the command registry lies over the page. One at a time. */
export type Shown =
  | { readonly what: 'palette' | 'help'; readonly place: Place }
  | {
      readonly what: 'menu';
      readonly place: Place;
      readonly row: HTMLTableRowElement;
      /** The corner at which it opens, in pixels of the window. */
      readonly x: number;
      readonly y: number;
    };

let shown: Shown | null = null;
const listeners = new Set<() => void>();

export function show(next: Shown | null): void {
  shown = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useShown(): Shown | null {
  return useSyncExternalStore(subscribe, () => shown);
}
