import { readStored, useStored, writeStored } from './storage';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'theme';
const systemDark = '(prefers-color-scheme: dark)';

function parse(value: string | null): Theme {
  return value === 'light' || value === 'dark' ? value : 'system';
}

export function useTheme(): Theme {
  return parse(useStored(KEY));
}

export function setTheme(theme: Theme): void {
  writeStored(KEY, theme === 'system' ? null : theme);
  apply();
}

function apply(): void {
  const theme = parse(readStored(KEY));
  const dark = theme === 'dark' || (theme === 'system' && matchMedia(systemDark).matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
}

/** Follows the system and the other tabs from now on; public/theme.js has set the first paint's theme. */
export function followTheme(): void {
  apply();
  matchMedia(systemDark).addEventListener('change', apply);
  window.addEventListener('storage', apply);
}
