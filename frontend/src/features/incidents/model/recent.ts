import { useEffect, useMemo } from 'react';
import { readStored, useStored, writeStored } from '@/lib/storage';
import type { Incident } from './incident';

/* The incidents that were opened last in this browser, for the palette to offer them again. */
const KEY = 'recentIncidents';
const KEPT = 6;

type Recent = Pick<Incident, 'number' | 'title'>;

function parse(text: string | null): Recent[] {
  try {
    const all: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(all) ? all.filter(isRecent) : [];
  } catch {
    return [];
  }
}

function isRecent(one: unknown): one is Recent {
  const { number, title } = (one ?? {}) as Partial<Recent>;
  return Number.isInteger(number) && typeof title === 'string';
}

/** Remembers that an incident was opened, by the title that it has now. */
export function useRememberRecent({ number, title }: Recent): void {
  useEffect(() => {
    const others = parse(readStored(KEY)).filter((one) => one.number !== number);
    writeStored(KEY, JSON.stringify([{ number, title }, ...others].slice(0, KEPT)));
  }, [number, title]);
}

/** The last ones, newest first. */
export function useRecent(): Recent[] {
  const text = useStored(KEY);
  return useMemo(() => parse(text), [text]);
}
