import { queryOptions, useQueryClient } from '@tanstack/react-query';
import { call } from './types';

const ALL = ['accounts'] as const;

export function sessionsQuery() {
  return queryOptions({
    queryKey: [...ALL, 'sessions'],
    queryFn: ({ signal }) => call('GET /api/sessions', { signal }),
    select: ({ items }) => items,
  });
}

export function tokensQuery() {
  return queryOptions({
    queryKey: [...ALL, 'tokens'],
    queryFn: ({ signal }) => call('GET /api/tokens', { signal }),
    select: ({ items }) => items,
  });
}

export function accountsQuery() {
  return queryOptions({
    queryKey: [...ALL, 'people'],
    queryFn: ({ signal }) => call('GET /api/accounts', { signal }),
    select: ({ items }) => items,
  });
}

export function invitationsQuery() {
  return queryOptions({
    queryKey: [...ALL, 'invitations'],
    queryFn: ({ signal }) => call('GET /api/invitations', { signal }),
    select: ({ items }) => items,
  });
}

/** Carries out a write; what it may have changed is read again before it resolves. */
export function useAccountCall(): typeof call {
  const client = useQueryClient();
  return async (what, input) => {
    const answer = await call(what, input);
    await client.invalidateQueries({ queryKey: ALL });
    return answer;
  };
}
