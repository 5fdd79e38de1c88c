import { useMemo } from 'react';
import { ofPerson } from '@/lib/session';
import { readStored, useStored, writeStored } from '@/lib/storage';
import type { Incident, IncidentPatch } from './incident';

/** A write that came too late, and in part about what somebody else had changed since. */
export interface Conflict {
  /** The incident that the person was looking at. */
  base: Incident;
  /** The incident as it was when the write was turned away. */
  current: Incident;
  patch: IncidentPatch;
}

export type Field = keyof IncidentPatch;

export function fieldsOf(patch: IncidentPatch): Field[] {
  return Object.keys(patch) as Field[];
}

/** Whether two values of a field mean the same; times may be written in more than one way. */
export function isSame(field: Field, one: unknown, other: unknown): boolean {
  if (field.endsWith('At') && typeof one === 'string' && typeof other === 'string') {
    return Date.parse(one) === Date.parse(other);
  }
  return (one ?? null) === (other ?? null);
}

interface Divided {
  /** Both changed it, to different values: somebody has to choose. */
  disputed: Field[];
  /** Only the person here changed it; it can be written without asking. */
  mine: Field[];
}

/** Which fields of a patch need a decision, when the incident has gone from `base` to `current` meanwhile. */
export function divide(base: Incident, current: Incident, patch: IncidentPatch): Divided {
  const wanted = fieldsOf(patch).filter((field) => !isSame(field, patch[field], current[field]));
  const isTheirs = (field: Field) => !isSame(field, base[field], current[field]);
  return {
    disputed: wanted.filter(isTheirs),
    mine: wanted.filter((field) => !isTheirs(field)),
  };
}

/** The part of a patch with these fields. */
export function pick(patch: IncidentPatch, fields: readonly Field[]): IncidentPatch {
  return Object.fromEntries(fields.map((field) => [field, patch[field]]));
}

/*
 * A conflict holds what somebody typed, so it is kept like any other draft until it is decided: leaving the page or
 * reloading it loses nothing.
 */
const keyOf = (id: string) => ofPerson('draft:conflict:') + id;

function parse(stored: string | null): Conflict | null {
  try {
    const found: Partial<Conflict> | null = JSON.parse(stored ?? 'null');
    return found?.base && found.current && found.patch ? (found as Conflict) : null;
  } catch {
    return null;
  }
}

export function readConflict(id: string): Conflict | null {
  return parse(readStored(keyOf(id)));
}

export function keepConflict(id: string, conflict: Conflict | null): void {
  writeStored(keyOf(id), conflict && JSON.stringify(conflict));
}

export function useConflict(id: string): Conflict | null {
  const stored = useStored(keyOf(id));
  return useMemo(() => parse(stored), [stored]);
}
