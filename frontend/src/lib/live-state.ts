import { useSyncExternalStore } from 'react';

/**
 * How news reaches this tab: `polling` means that the server answers but no stream can be held, `reconnecting` that
 * it does not answer.
 */
export type LiveState = 'connecting' | 'live' | 'reconnecting' | 'polling';

let current: LiveState = 'connecting';
const listeners = new Set<() => void>();

export function setLiveState(state: LiveState): void {
  if (state === current) return;
  current = state;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useLiveState(): LiveState {
  return useSyncExternalStore(subscribe, () => current);
}
