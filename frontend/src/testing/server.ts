import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { BUILT_IN } from '@/features/incidents/model/views';

/** Where there are no accounts. */
const OPEN = {
  mode: 'open',
  account: null,
  csrfToken: null,
  methods: { password: false, oidc: null },
};

/**
 * Every test says what the API answers; a request that nobody expected fails it. Only the tabs are always there, and
 * that nobody has to sign in.
 */
export const server = setupServer(
  http.get('/api/views', () => HttpResponse.json(BUILT_IN)),
  http.get('/api/session', () => HttpResponse.json(OPEN)),
);
