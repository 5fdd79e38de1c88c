import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from '@playwright/test';

const PORT = 5057;
/** Of the server where one has to sign in. */
const ACCOUNTS_PORT = 5058;
/** Of the OpenID Connect provider that it knows. */
const PROVIDER_PORT = 5059;
const PROVIDER = `http://127.0.0.1:${PROVIDER_PORT}`;
const installed = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path));
// Chromium's own sandbox refuses to start as root.
const isRoot = process.getuid?.() === 0;

/** The real server, on a fresh database with the demo incidents, serving the build in dist/. */
export default defineConfig({
  testDir: 'e2e',
  workers: 1,
  // A machine that stands still for a second is not a failure; a second try that passes is reported as flaky.
  retries: process.env.CI ? 1 : 0,
  timeout: 30_000,
  expect: { timeout: 7_000 },
  forbidOnly: Boolean(process.env.CI),
  reporter: 'list',
  use: {
    baseURL: `http://127.0.0.1:${PORT}`,
    viewport: { width: 1440, height: 900 },
    locale: 'en-GB',
    timezoneId: 'Europe/Lisbon',
    screenshot: 'only-on-failure',
    launchOptions: {
      // Without an installed one, Playwright looks for its own.
      ...(installed !== undefined && { executablePath: installed }),
      args: [
        ...(isRoot ? ['--no-sandbox'] : []),
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  webServer: [
    serverOn(PORT, 'incident-tracker-e2e'),
    serverOn(ACCOUNTS_PORT, 'incident-tracker-e2e-accounts', {
      AUTH_MODE: 'required',
      ADMIN_EMAIL: 'ana@example.com',
      ADMIN_PASSWORD: 'correct horse battery',
      OIDC_ISSUER: PROVIDER,
      OIDC_CLIENT_ID: 'tracker',
      OIDC_CLIENT_SECRET: 'known to both',
      OIDC_NAME: 'Example SSO',
    }),
    {
      command: `exec .venv/bin/python -m oidc_provider_mock --port ${PROVIDER_PORT}`,
      cwd: '../backend',
      url: `${PROVIDER}/.well-known/openid-configuration`,
      reuseExistingServer: false,
      // It tells of every request.
      stderr: 'ignore',
      gracefulShutdown: { signal: 'SIGTERM', timeout: 15_000 },
    },
  ],
});

function serverOn(port: number, folder: string, settings: Record<string, string> = {}) {
  return {
    // The folder of the last run is emptied, not kept: each database takes tens of megabytes.
    command: 'rm -rf "$DATA_DIR" && exec .venv/bin/python app.py --demo',
    cwd: '../backend',
    url: `http://127.0.0.1:${port}/api/health`,
    timeout: 60_000,
    reuseExistingServer: false,
    gracefulShutdown: { signal: 'SIGTERM' as const, timeout: 15_000 },
    env: {
      PORT: String(port),
      HOST: '127.0.0.1',
      DATABASE_URL: '',
      DATA_DIR: join(tmpdir(), folder),
      ...settings,
    },
  };
}
