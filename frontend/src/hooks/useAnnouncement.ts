import { useEffect, useRef, useState } from 'react';

/**
 * The text of a live region, at most once in `everyMs`: what changes sooner waits, and only the newest of it is told.
 * The first is told at once; nothing to tell empties the region at once.
 */
export function useAnnouncement(text: string, everyMs: number): string {
  const [told, setTold] = useState('');
  const toldAt = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    if (text === told) return undefined;
    const wait = text === '' ? 0 : Math.max(0, toldAt.current + everyMs - performance.now());
    const timer = setTimeout(() => {
      if (text !== '') toldAt.current = performance.now();
      setTold(text);
    }, wait);
    return () => clearTimeout(timer);
  }, [text, told, everyMs]);
  return text === '' ? '' : told;
}
