import { displayName, useDisplayName } from './display-name';
import { readStored, useStored, writeStored } from './storage';

/*
 * Where `/` leads: the list of the person's default view, as the server last said it. It is kept in this browser, so
 * that it is known before the first request.
 */
const KEY = 'home';

function pathIn(stored: string | null, name: string): string {
  // A name has no line break.
  const [person, path] = (stored ?? '').split('\n');
  return person === name && path?.startsWith('/?') ? path : '/';
}

/** `/` itself where that is what is not resolved, which needs no other name. */
export function homePath(): string {
  return pathIn(readStored(KEY), displayName());
}

export function useHomePath(): string {
  return pathIn(useStored(KEY), useDisplayName());
}

export function setHomePath(path: string): void {
  writeStored(KEY, path === '/' ? null : `${displayName()}\n${path}`);
}
