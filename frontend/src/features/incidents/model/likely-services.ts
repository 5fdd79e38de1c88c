import type { Suggestion } from '@/components/ui/OptionList';
import { parseListState } from '@/lib/search-params';
import { readStored, writeStored } from '@/lib/storage';
import { readQuery } from './query';

const KEY = 'lastService';

/** The service of the last incident that was reported here. */
export function rememberService(name: string): void {
  writeStored(KEY, name);
}

/** The one service that a list asks for, by its URL; null where it asks for none, or for several. */
function serviceOf(listSearch: string): string | null {
  const names = readQuery(parseListState(listSearch).q)
    .filter(({ field, negated }) => field === 'service' && !negated)
    .flatMap(({ values }) => values.map(({ text }) => text.trim()));
  return names.length === 1 ? (names[0] ?? null) : null;
}

/**
 * What a form offers before all other services.
 *
 * @param listSearch the query of the URL of the list that it was opened from, if it was.
 */
export function likelyServices(listSearch: string | null): Suggestion[] {
  const listed = listSearch === null ? null : serviceOf(listSearch);
  const last = readStored(KEY);
  const likely: Suggestion[] = [];
  if (listed) likely.push({ value: listed, note: 'of your list' });
  if (last && last !== listed) likely.push({ value: last, note: 'last used' });
  return likely;
}
