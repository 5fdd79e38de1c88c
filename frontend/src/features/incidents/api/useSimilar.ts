import { useQuery } from '@tanstack/react-query';
import type { Incident } from '@/features/incidents/model/incident';
import { useDebounce } from '@/hooks/useDebounce';
import { similarQuery } from './queries';

const TITLE_MIN = 3;
const PAUSE_MS = 250;

/**
 * Unresolved incidents like the one that is being written, the most similar first; null while there is not enough to
 * ask by, or no answer. What was found stays until the next letters are answered, and an answer that comes too late is
 * never seen.
 */
export function useSimilar(title: string, service: string): readonly Incident[] | null {
  const now = JSON.stringify([title.trim(), service.trim()]);
  const [asked = '', of = '']: string[] = JSON.parse(useDebounce(now, PAUSE_MS));
  const enough = of !== '' && Array.from(asked).length >= TITLE_MIN;
  const { data, isError } = useQuery({
    ...similarQuery(asked, of),
    enabled: enough,
    // What is open in another service is not like it.
    placeholderData: (before) => (before?.items[0]?.service === of ? before : undefined),
  });
  if (!enough || isError || service.trim() !== of) return null;
  return data?.items ?? null;
}
