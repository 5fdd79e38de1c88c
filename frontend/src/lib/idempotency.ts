import { readStored, writeStored } from './storage';

/*
 * Idempotency keys: under the same key the server carries out a write once, however often it is sent. So a key
 * belongs to what a person wants done, not to a request, and lives until the server has said yes or no.
 */

/** A new key. `crypto.randomUUID` does not exist on a page that is served over plain HTTP. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const open = new Map<string, string>();

/** The key of a write that is described by `what`, in full: the same until `settle` is called. */
export function keyFor(what: string): string {
  const key = open.get(what) ?? newKey();
  open.set(what, key);
  return key;
}

/** The write was carried out or refused; asked for again, it is a new one. */
export function settle(what: string): void {
  open.delete(what);
}

/** Like `keyFor`, for one write at a time under `name`; the key survives a reload, as long as the content is the same. */
export function keptKeyFor(name: string, content: string): string {
  const kept = readKept(name);
  if (kept?.content === content) return kept.key;
  const key = newKey();
  writeStored(name, JSON.stringify([content, key]));
  return key;
}

export function settleKept(name: string): void {
  writeStored(name, null);
}

function readKept(name: string): { content: string; key: string } | null {
  try {
    const [content, key]: unknown[] = JSON.parse(readStored(name) ?? '[]');
    return typeof content === 'string' && typeof key === 'string' ? { content, key } : null;
  } catch {
    return null;
  }
}
