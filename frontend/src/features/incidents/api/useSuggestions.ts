import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Suggestion } from '@/components/ui/OptionList';
import { useDebounce } from '@/hooks/useDebounce';
import { useDisplayName } from '@/lib/display-name';
import { DEFAULT_STATE } from '@/lib/search-params';
import { facetsQuery, servicesQuery } from './queries';

const SHOWN = 8;

const NONE: readonly Suggestion[] = [];

/**
 * Services in use that match what is typed; asked of the server while `active`.
 *
 * @param first what is offered before all others.
 */
export function useServiceSuggestions(
  text: string,
  active: boolean,
  first: readonly Suggestion[] = NONE,
): Suggestion[] {
  const typed = text.trim();
  const search = useDebounce(typed, 150);
  const { data } = useQuery({ ...servicesQuery(search), enabled: active });
  const inUse = (data?.items ?? []).map(({ name, open }) => ({
    value: name,
    note: open > 0 ? `${open} open` : '',
  }));
  const isFirst = new Set(first.map(({ value }) => value));
  return (
    [...first, ...inUse.filter(({ value }) => !isFirst.has(value))]
      // Until the answer for the last letter is there, what fits is picked from the one before.
      .filter(({ value }) => value.toLowerCase().includes(typed.toLowerCase()))
      .slice(0, SHOWN)
  );
}

const EVERYTHING = { ...DEFAULT_STATE, q: '' };

/**
 * The person at the keyboard first, then whoever owns the most incidents. While one chooses they stay as they were
 * when they came: every change of an incident counts anew, and would shuffle them under the hand.
 */
export function useOwnerSuggestions(text: string, active: boolean): Suggestion[] {
  const me = useDisplayName();
  const { data, isFetching } = useQuery({ ...facetsQuery(EVERYTHING), enabled: active });
  const [kept, setKept] = useState<typeof data>();
  if (!active && kept) setKept(undefined);
  if (active && !kept && data && !isFetching) setKept(data);
  const owners = ((kept ?? data)?.owner ?? []).flatMap(({ value }) =>
    value === null ? [] : [value],
  );
  const names = [...new Set(me ? [me, ...owners] : owners)];
  const typed = text.trim().toLowerCase();
  return names
    .filter((name) => name.toLowerCase().includes(typed))
    .slice(0, SHOWN)
    .map((value) => (value === me ? { value, note: 'you' } : { value }));
}
