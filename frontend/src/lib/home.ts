import { useSyncExternalStore } from 'react';
import { onSession, sessionNow } from './session';
import { readStored, useStored, writeStored } from './storage';

/** Whose views the server tells: the account's. Without accounts everybody shares them. */
function viewsOwner(): string {
  return sessionNow().session.account?.id ?? '';
}

export function useViewsOwner(): string {
  return useSyncExternalStore(onSession, viewsOwner);
}

/*
 * Where `/` leads: the list of the default view, as the server last said it. It is kept in this browser, so
 * that it is known before the first request.
 */
const KEY = 'home';

function pathIn(stored: string | null, owner: string): string {
  const [whose, path] = (stored ?? '').split('\n');
  return whose === owner && path?.startsWith('/?') ? path : '/';
}

/** `/` itself where that is what is not resolved, which needs no other name. */
export function homePath(): string {
  return pathIn(readStored(KEY), viewsOwner());
}

export function useHomePath(): string {
  return pathIn(useStored(KEY), useViewsOwner());
}

export function setHomePath(path: string): void {
  writeStored(KEY, path === '/' ? null : `${viewsOwner()}\n${path}`);
}
