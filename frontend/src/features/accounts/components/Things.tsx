import type { UseQueryResult } from '@tanstack/react-query';
import { type ReactNode, useRef } from 'react';
import { ErrorPanel } from '@/components/ui/ErrorPanel';
import { useRetry } from '@/hooks/useRetry';

interface Props<T> {
  /** What they are, in the plural: "sessions". */
  what: string;
  query: UseQueryResult<T[]>;
  /** What is said where there are none. */
  empty: string;
  /** Why the last change of them was refused. */
  error: string | undefined;
  children: (thing: T) => ReactNode;
}

/** A short list of what the server keeps. The focus stays in it where the one that had it goes. */
export function Things<T extends { id: string }>(props: Props<T>) {
  const { what, query, empty, error, children } = props;
  const list = useRef<HTMLUListElement>(null);
  const retry = useRetry(query, () => list.current);
  if (query.data === undefined && query.error) {
    return (
      <ErrorPanel title={`The ${what} could not be loaded`} error={query.error} onRetry={retry} />
    );
  }
  return (
    <>
      {error !== undefined && (
        <p className="note bad" role="alert">
          {error}
        </p>
      )}
      {query.data?.length === 0 && <p className="none">{empty}</p>}
      <ul ref={list} className="things" aria-label={what} tabIndex={-1} aria-busy={query.isPending}>
        {query.data?.map((thing) => (
          <li key={thing.id}>{children(thing)}</li>
        ))}
      </ul>
    </>
  );
}

/** Called before a thing goes away, and with it what has the focus. */
export function focusList(what: string): void {
  document.querySelector<HTMLElement>(`.things[aria-label="${what}"]`)?.focus();
}
