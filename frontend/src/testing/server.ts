import { setupServer } from 'msw/node';

/** Every test says what the API answers; a request that nobody expected fails the test. */
export const server = setupServer();
