import { QueryClientProvider } from '@tanstack/react-query';
import { render } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { MemoryRouter, useLocation } from 'react-router';
import { onTestFinished } from 'vitest';
import { App } from '@/App';
import { followSession } from '@/api/session';
import { listenToKeys } from '@/lib/commands';
import { createQueryClient } from '@/lib/query-client';

/** The whole app at a URL, with its keys; `url()` is where it is now. It follows no stream unless a test starts it. */
export function renderApp(at: string) {
  let current = '';
  function Where() {
    const { pathname, search } = useLocation();
    current = pathname + search;
    return null;
  }
  const client = createQueryClient();
  // A test that waits for an error should not wait for the retries as well.
  client.setDefaultOptions({
    ...client.getDefaultOptions(),
    queries: { networkMode: 'always', retry: false },
  });
  onTestFinished(listenToKeys(document));
  onTestFinished(followSession());
  const view = render(
    <QueryClientProvider client={client}>
      <MemoryRouter initialEntries={[at]} useTransitions={false}>
        <App />
        <Where />
      </MemoryRouter>
    </QueryClientProvider>,
  );
  return { ...view, client, user: userEvent.setup({ delay: null }), url: () => current };
}
