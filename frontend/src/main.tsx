import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter } from 'react-router';
import { App } from '@/App';
import { followSession } from '@/api/session';
import { listenToKeys } from '@/lib/commands';
import { setLiveState } from '@/lib/live-state';
import { createQueryClient } from '@/lib/query-client';
import { followTheme } from '@/lib/theme';
import './index.css';

followTheme();
followSession();
listenToKeys(document);

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

const client = createQueryClient();
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      {/* The URL is the state: a checkbox must not wait for a transition to show that it is checked. */}
      <BrowserRouter useTransitions={false}>
        <App />
      </BrowserRouter>
    </QueryClientProvider>
  </StrictMode>,
);

// The page shows what is; then it begins to follow.
import('@/features/incidents/api/live-updates')
  .then(({ followIncidents }) => followIncidents(client))
  // This piece comes from the server, as all news would.
  .catch(() => setLiveState('reconnecting'));
