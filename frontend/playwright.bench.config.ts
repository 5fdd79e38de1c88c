import { defineConfig } from '@playwright/test';
import config from './playwright.config';

const { BASE_URL = '' } = process.env;
const { webServer: _, ...rest } = config;

/** The same browser as in the tests, against a server that is there already. */
export default defineConfig({
  ...rest,
  testMatch: 'frames.bench.ts',
  timeout: 15 * 60_000,
  reporter: 'line',
  use: { ...config.use, baseURL: BASE_URL },
});
