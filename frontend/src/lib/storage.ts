import { useSyncExternalStore } from 'react';
import { createListeners } from './listeners';

/*
 * Small strings kept in this browser. Storage can be full or forbidden; what is kept is then kept until the
 * page closes, so nothing in the app has to care.
 */
const fallback = new Map<string, string>();
const listeners = createListeners();

export function readStored(key: string): string | null {
  try {
    return localStorage.getItem(key) ?? fallback.get(key) ?? null;
  } catch {
    return fallback.get(key) ?? null;
  }
}

/** The names of what is stored that begin so. */
export function storedNames(prefix: string): string[] {
  const names = [...fallback.keys()];
  try {
    names.push(...Object.keys(localStorage));
  } catch {
    // What is kept until the page closes is all there is.
  }
  return [...new Set(names)].filter((name) => name.startsWith(prefix));
}

export function writeStored(key: string, value: string | null): void {
  fallback.delete(key);
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    if (value !== null) fallback.set(key, value);
  }
  listeners.tell();
}

/** Tells of every change of what is stored, in other tabs too; returns how to stop. */
export function onStored(listener: () => void): () => void {
  const stop = listeners.subscribe(listener);
  // Other tabs of the app tell us through the browser's own event.
  window.addEventListener('storage', listener);
  return () => {
    stop();
    window.removeEventListener('storage', listener);
  };
}

/** The stored value, alive: it changes with every write, in other tabs too. */
export function useStored(key: string): string | null {
  return useSyncExternalStore(onStored, () => readStored(key));
}
