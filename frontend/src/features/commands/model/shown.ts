import { useSyncExternalStore } from 'react';
import { createListeners } from '@/lib/listeners';
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
const listeners = createListeners();

export function show(next: Shown | null): void {
  shown = next;
  listeners.tell();
}

export function useShown(): Shown | null {
  return useSyncExternalStore(listeners.subscribe, () => shown);
}
