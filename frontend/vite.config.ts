import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const api = { '/api': { target: process.env.API_URL ?? 'http://localhost:5000' } };

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: { port: 3000, strictPort: true, proxy: api },
  preview: { port: 3000, strictPort: true, proxy: api },
  build: {
    // The size budgets read the manifest to know which chunks the first page needs.
    manifest: true,
    // The content security policy allows no data: fonts or scripts, so assets stay files.
    assetsInlineLimit: 0,
  },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['./src/testing/setup.ts'],
    restoreMocks: true,
    // Generous, for machines that do something else at the same time.
    testTimeout: 20_000,
    // As in playwright.config.ts: a second try that passes is shown as one.
    retry: process.env.CI ? 1 : 0,
  },
});
