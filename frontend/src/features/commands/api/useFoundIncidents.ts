import { keepPreviousData, queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, unwrap } from '@/api/client';
import { ApiError } from '@/api/problem';
import { incidentQuery, keys } from '@/features/incidents/api/queries';
import type { Incident } from '@/features/incidents/model/incident';
import { useDebounce } from '@/hooks/useDebounce';

/** The API refuses a longer one. */
export const SEARCH_MAX = 200;
const DEBOUNCE_MS = 150;
const SHOWN = 8;
/** A single letter is in nearly every title. */
const SHORTEST = 2;

function foundQuery(search: string) {
  return queryOptions({
    queryKey: [...keys.all, 'found', search],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/incidents', {
          params: { query: { search, per_page: SHOWN, sort_by: 'updatedAt', order: 'desc' } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });
}

/** The incidents, resolved ones too, that a text is found in, those that were changed last first. */
export function useFoundIncidents(text: string): readonly Incident[] {
  const settled = useDebounce(text, DEBOUNCE_MS);
  const enabled = settled.length >= SHORTEST && text.length >= SHORTEST;
  const { data } = useQuery({ ...foundQuery(settled), enabled });
  return enabled ? (data?.items ?? []) : [];
}

/** "inc-42", "#42" and "42" name an incident. */
export function numberIn(text: string): number | null {
  const digits = /^(?:inc-?\s*|#)?(\d{1,9})$/i.exec(text)?.[1];
  return digits ? Number(digits) : null;
}

/** The incident of a number: null where there is none, undefined while that is not known. */
export function useIncidentOf(number: number | null): Incident | null | undefined {
  const settled = useDebounce(number, DEBOUNCE_MS);
  const client = useQueryClient();
  const enabled = settled !== null && settled === number;
  const { data, error } = useQuery({ ...incidentQuery(`INC-${settled}`, client), enabled });
  if (!enabled) return undefined;
  return error instanceof ApiError && error.status === 404 ? null : data;
}
