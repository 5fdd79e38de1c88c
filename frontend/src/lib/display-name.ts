import { useSyncExternalStore } from 'react';
import { accountName, onSession } from './session';
import { onStored, readStored, writeStored } from './storage';

const KEY = 'displayName';

/** Same limit as an owner's, since "Mine" compares the two. */
export const NAME_MAX = 120;

/**
 * Who the person is: the name of the account, or where there are none the one that this browser's requests are signed
 * with. Empty when nobody gave one.
 */
export function displayName(): string {
  return accountName() ?? readStored(KEY) ?? '';
}

export function useDisplayName(): string {
  return useSyncExternalStore(onName, displayName);
}

function onName(listener: () => void): () => void {
  const stops = [onStored(listener), onSession(listener)];
  return () => stops.forEach((stop) => stop());
}

export function setDisplayName(name: string): void {
  // Whole characters only: half of an emoji cannot be sent.
  const tidy = Array.from(name.replace(/\s+/g, ' ').trim()).slice(0, NAME_MAX).join('');
  writeStored(KEY, tidy === '' ? null : tidy);
}

/** What the server calls whoever gives no name. */
const ANONYMOUS = 'anonymous';

/** The name that a write is signed with now; sent again later it goes under the same one. */
export function actorNow(): string {
  return displayName() || ANONYMOUS;
}
