import { useMemo } from 'react';
import { ofPerson } from '@/lib/session';
import { readStored, useStored, writeStored } from '@/lib/storage';
import type { IncidentEvent } from './incident';

/** A comment that was sent and not yet confirmed. */
export interface Outgoing {
  /** Its idempotency key, and its name in the outbox. */
  readonly key: string;
  readonly body: string;
  readonly actor: string;
  /** When Send was pressed, RFC 3339. */
  readonly at: string;
  /** The newest event that was known then: the comment itself comes after it. */
  readonly after: number;
  /** Why it was not accepted; null while it is on its way. */
  readonly error: string | null;
}

/*
 * Kept in the browser until the server has them: a lost connection, a reload or a closed tab costs no comment. Each
 * has its idempotency key, so it may be sent as often as needed.
 */
const nameOf = (incidentId: string) => ofPerson('outbox:') + incidentId;

function isOutgoing(value: unknown): value is Outgoing {
  return typeof value === 'object' && value !== null && 'key' in value && 'body' in value;
}

function parse(stored: string | null): Outgoing[] {
  try {
    const found: unknown = JSON.parse(stored ?? '[]');
    return Array.isArray(found) ? found.filter(isOutgoing) : [];
  } catch {
    return [];
  }
}

export function readOutbox(incidentId: string): Outgoing[] {
  return parse(readStored(nameOf(incidentId)));
}

export function useOutbox(incidentId: string): Outgoing[] {
  const stored = useStored(nameOf(incidentId));
  return useMemo(() => parse(stored), [stored]);
}

/** Adds a comment, or says something new of one that is there. */
export function putOutgoing(incidentId: string, comment: Outgoing): void {
  const others = readOutbox(incidentId).filter(({ key }) => key !== comment.key);
  const all = [...others, comment].toSorted((one, other) => one.at.localeCompare(other.at));
  writeStored(nameOf(incidentId), JSON.stringify(all));
}

export function dropOutgoing(incidentId: string, key: string): void {
  const rest = readOutbox(incidentId).filter((one) => one.key !== key);
  writeStored(nameOf(incidentId), rest.length > 0 ? JSON.stringify(rest) : null);
}

/**
 * The comments of an outbox that the history does not have yet, and those that it has: it can be quicker than the
 * answer to the sending, which may also be lost.
 */
export function divideOutbox(
  outbox: readonly Outgoing[],
  events: readonly IncidentEvent[],
): [outgoing: Outgoing[], arrived: Outgoing[]] {
  const isThere = ({ after, actor, body }: Outgoing) =>
    events.some((event) => event.id > after && event.actor === actor && event.comment === body);
  return [outbox.filter((one) => !isThere(one)), outbox.filter(isThere)];
}
