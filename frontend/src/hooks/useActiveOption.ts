import { useState } from 'react';

/**
 * Which option of a list the arrow keys have reached. It is held by its value: options that come, go or change places
 * meanwhile must not put another one under a finger that is about to press Enter.
 *
 * @param typed what the options are for; with something else typed, none is reached yet.
 * @param initial what is meant as long as none is reached: the first one, or with -1 none.
 */
export function useActiveOption<T extends { readonly value: string }>(
  options: readonly T[],
  typed: string,
  initial: 0 | -1,
) {
  const [reached, setReached] = useState<{ typed: string; value: string } | null>(null);
  const at =
    reached?.typed === typed ? options.findIndex(({ value }) => value === reached.value) : -1;
  const active = at < 0 ? initial : at;
  const last = options.length - 1;

  return {
    active,
    reset: () => setReached(null),
    /** Whether the key is one that moves; past the ends it goes round. */
    move(key: string): boolean {
      if (key !== 'ArrowDown' && key !== 'ArrowUp') return false;
      const next = key === 'ArrowDown' ? active + 1 : active - 1;
      const value = options[next > last ? 0 : next < 0 ? last : next]?.value;
      if (value !== undefined) setReached({ typed, value });
      return true;
    },
  };
}
