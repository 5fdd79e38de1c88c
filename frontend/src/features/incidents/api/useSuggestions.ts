import { useQuery } from '@tanstack/react-query';
import type { Suggestion } from '@/components/ui/OptionList';
import { useDebounce } from '@/hooks/useDebounce';
import { useDisplayName } from '@/lib/display-name';
import { DEFAULT_STATE } from '@/lib/search-params';
import { facetsQuery, servicesQuery } from './queries';

const SHOWN = 8;

/** Services in use that match what is typed; asked of the server while `active`. */
export function useServiceSuggestions(text: string, active: boolean): Suggestion[] {
  const search = useDebounce(text.trim(), 150);
  const { data } = useQuery({ ...servicesQuery(search), enabled: active });
  return (data?.items ?? [])
    .slice(0, SHOWN)
    .map(({ name, open }) => ({ value: name, note: open > 0 ? `${open} open` : '' }));
}

const EVERYTHING = { ...DEFAULT_STATE, q: '' };

/** The person at the keyboard first, then whoever owns the most incidents. */
export function useOwnerSuggestions(text: string, active: boolean): Suggestion[] {
  const me = useDisplayName();
  const { data } = useQuery({ ...facetsQuery(EVERYTHING), enabled: active });
  const owners = (data?.owner ?? []).flatMap(({ value }) => (value === null ? [] : [value]));
  const names = [...new Set(me ? [me, ...owners] : owners)];
  const typed = text.trim().toLowerCase();
  return names
    .filter((name) => name.toLowerCase().includes(typed))
    .slice(0, SHOWN)
    .map((value) => (value === me ? { value, note: 'you' } : { value }));
}
