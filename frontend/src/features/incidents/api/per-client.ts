import type { QueryClient } from '@tanstack/react-query';

/** One for each query client: what belongs to the tab rather than to a component. */
export function perClient<T>(create: (client: QueryClient) => T): (client: QueryClient) => T {
  const all = new WeakMap<QueryClient, { value: T }>();
  return (client) => {
    const found = all.get(client) ?? { value: create(client) };
    all.set(client, found);
    return found.value;
  };
}
