import { useSyncExternalStore } from 'react';
import { createListeners } from './listeners';

/**
 * How news reaches this tab: `polling` means that the server answers but no stream can be held, `reconnecting` that
 * it does not answer, `signed-out` that it tells nothing until somebody has signed in.
 */
export type LiveState = 'connecting' | 'live' | 'reconnecting' | 'polling' | 'signed-out';

let current: LiveState = 'connecting';
const listeners = createListeners();

export function setLiveState(state: LiveState): void {
  if (state === current) return;
  current = state;
  listeners.tell();
}

export function useLiveState(): LiveState {
  return useSyncExternalStore(listeners.subscribe, () => current);
}
