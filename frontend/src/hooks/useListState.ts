import { useCallback, useMemo } from 'react';
import { useLocation, useNavigate } from 'react-router';
import { formatListState, type ListState, parseListState } from '@/lib/search-params';

/** The list's state is its URL: this reads it and writes it. Only of use on the list page. */
export function useListState() {
  const { search } = useLocation();
  const navigate = useNavigate();
  const state = useMemo(() => parseListState(search), [search]);
  const setState = useCallback(
    (next: ListState, how: { replace?: boolean } = {}) => {
      const target = formatListState(next);
      if (target !== search) void navigate({ pathname: '/', search: target }, how);
    },
    [navigate, search],
  );
  return { state, setState };
}
