import { useQuery } from '@tanstack/react-query';
import { type RefObject, useLayoutEffect, useRef } from 'react';
import type { Mistake } from '@/api/problem';
import { listQuery, mistakesIn } from '@/features/incidents/api/queries';
import { readQuery } from '@/features/incidents/model/query';
import type { ListState } from '@/lib/search-params';

/**
 * What the server found wrong with the query of the list, as far as it still stands in the text; places are counted in
 * UTF-16 units of it. Null while there is no such text.
 */
export function useMistakes(state: ListState, text: string | null): Mistake[] {
  // The page asks; here its answer is only looked at.
  const { error } = useQuery({ ...listQuery(state), enabled: false });
  if (text === null) return [];
  const points = Array.from(state.q);
  const shift = text.length - text.trimStart().length;
  const placeOf = (at: number) => shift + points.slice(0, at).join('').length;
  return mistakesIn(error)
    .map(({ start, end, message }) => ({ start: placeOf(start), end: placeOf(end), message }))
    .filter(({ end }) => text.slice(shift, end) === state.q.slice(0, end - shift));
}

interface Props {
  text: string;
  mistakes: readonly Mistake[];
  input: RefObject<HTMLInputElement | null>;
}

/** Lies behind the text of the box, which it repeats unseen, to tint its terms and to underline what is wrong. */
export function QueryMarks({ text, mistakes, input }: Props) {
  const marks = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const box = input.current;
    const follow = () => {
      if (box && marks.current) marks.current.scrollLeft = box.scrollLeft;
    };
    follow();
    box?.addEventListener('scroll', follow);
    return () => box?.removeEventListener('scroll', follow);
  });
  return (
    <div ref={marks} className="marks" aria-hidden="true">
      {partsOf(text, mistakes).map(({ start, end, kind }) => (
        <span key={start} className={kind}>
          {text.slice(start, end)}
        </span>
      ))}
    </div>
  );
}

/** The text from its beginning to its end: its terms that can be read, its mistakes, and what lies between. */
function partsOf(text: string, mistakes: readonly Mistake[]) {
  const terms = readQuery(text).filter(({ field, readable }) => field !== null && readable);
  const marked = [
    ...terms.map(({ start, end }) => ({ start, end, kind: 'term' })),
    ...mistakes.map(({ start, end }) => ({ start, end, kind: 'mistake' })),
  ].toSorted((a, b) => a.start - b.start);
  const parts: Array<{ start: number; end: number; kind: string | undefined }> = [];
  let at = 0;
  for (const part of [...marked, { start: text.length, end: text.length, kind: undefined }]) {
    if (part.start < at) continue;
    if (part.start > at) parts.push({ start: at, end: part.start, kind: undefined });
    if (part.end > part.start) parts.push(part);
    at = part.end;
  }
  return parts;
}
