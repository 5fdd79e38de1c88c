import { useSyncExternalStore } from 'react';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** "45s", "12m", "3h 5m", "2d 4h": two units at most, what people say aloud. Never negative. */
export function formatDuration(ms: number): string {
  const span = Math.max(0, ms);
  if (span < MINUTE) return `${Math.floor(span / 1000)}s`;
  if (span < HOUR) return `${Math.floor(span / MINUTE)}m`;
  const [unit, name, next, nextName] =
    span < DAY ? ([HOUR, 'h', MINUTE, 'm'] as const) : ([DAY, 'd', HOUR, 'h'] as const);
  const rest = Math.floor((span % unit) / next);
  return `${Math.floor(span / unit)}${name}${rest > 0 ? ` ${rest}${nextName}` : ''}`;
}

/** "40 seconds", "13 minutes": for how long to wait, rounded up, since earlier is too early. */
export function waitInWords(ms: number): string {
  const isShort = ms < 90_000;
  const count = Math.max(1, Math.ceil(ms / (isShort ? 1_000 : MINUTE)));
  return `${count} ${isShort ? 'second' : 'minute'}${count === 1 ? '' : 's'}`;
}

/** One unit, for a column: "now", "12m", "3h", "5d", "14w". */
export function formatAge(ms: number): string {
  if (ms < MINUTE) return 'now';
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)}h`;
  if (ms < 70 * DAY) return `${Math.floor(ms / DAY)}d`;
  return `${Math.floor(ms / (7 * DAY))}w`;
}

const local = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});
const DAY_AND_TIME = {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
} as const;
const day = new Intl.DateTimeFormat(undefined, DAY_AND_TIME);
const second = new Intl.DateTimeFormat(undefined, { ...DAY_AND_TIME, second: '2-digit' });

export function formatLocal(iso: string): string {
  return day.format(new Date(iso));
}

/** To the second, for what would otherwise look the same. */
export function formatLocalSeconds(iso: string): string {
  return second.format(new Date(iso));
}

/** "2025-03-04 14:02:31 UTC", as logs have it. */
export function formatUtc(iso: string): string {
  return `${new Date(iso).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** "Tue, 4 Mar 2025, 15:02 local · 2025-03-04 14:02 UTC": what the screen says beside what the logs say. */
export function formatAbsolute(iso: string): string {
  const utc = new Date(iso).toISOString().slice(0, 16).replace('T', ' ');
  return `${local.format(new Date(iso))} local · ${utc} UTC`;
}

/** For <input type="datetime-local">: local wall-clock time to the second. */
export function toLocalInput(iso: string): string {
  const at = new Date(iso);
  const shifted = new Date(at.getTime() - at.getTimezoneOffset() * MINUTE);
  return shifted.toISOString().slice(0, 19);
}

/** Back from the input to UTC; null when the input is empty or no date. */
export function fromLocalInput(value: string): string | null {
  const at = new Date(value);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}

/*
 * One ticker for every age on the page. It beats while somebody listens and the tab is visible, and once when
 * the tab comes back.
 */
const TICK_MS = 15_000;
const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function tick(): void {
  if (document.hidden) return;
  now = Date.now();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    now = Date.now();
    timer = setInterval(tick, TICK_MS);
    document.addEventListener('visibilitychange', tick);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', tick);
    }
  };
}

/** The present in milliseconds, fresh to a quarter of a minute. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
