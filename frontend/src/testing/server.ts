import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { BUILT_IN } from '@/features/incidents/model/views';

/** Every test says what the API answers; a request that nobody expected fails it. Only the tabs are always there. */
export const server = setupServer(http.get('/api/views', () => HttpResponse.json(BUILT_IN)));
