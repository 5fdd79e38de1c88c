import { useSyncExternalStore } from 'react';

/*
 * Small strings kept in this browser. Storage can be full or forbidden; what is kept is then kept until the
 * page closes, so nothing in the app has to care.
 */
const fallback = new Map<string, string>();
const listeners = new Set<() => void>();

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
  for (const listener of listeners) listener();
}

/** Tells of every change of what is stored, in other tabs too; returns how to stop. */
export function onStored(listener: () => void): () => void {
  listeners.add(listener);
  // Other tabs of the app tell us through the browser's own event.
  window.addEventListener('storage', listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener('storage', listener);
  };
}

/** The stored value, alive: it changes with every write, in other tabs too. */
export function useStored(key: string): string | null {
  const read = () => readStored(key);
  // The third is for what is drawn to text, outside of a page.
  return useSyncExternalStore(onStored, read, read);
}
