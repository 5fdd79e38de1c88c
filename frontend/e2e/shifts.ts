import type { Page } from '@playwright/test';

interface Shift extends PerformanceEntry {
  value: number;
  sources?: readonly { node: Node | null }[];
}

declare global {
  interface Window {
    /** What of the list moved by itself, as the browser tells, and by how much of the window. */
    shifts: string[];
  }
}

/** Starts watching what moves without having been asked to, before the page is opened. */
export async function watchShifts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    window.shifts = [];
    new PerformanceObserver((list) => {
      for (const { value, sources = [] } of list.getEntries() as Shift[]) {
        for (const { node } of sources) {
          const element = node instanceof Element ? node : node?.parentElement;
          // Above the list counts come and go; it is the rows that are aimed at.
          if (!element?.closest('.triage, .skeletons, .state')) continue;
          if (element.closest('.news, .bulk')) continue;
          window.shifts.push(`${value.toFixed(4)} ${element.outerHTML.slice(0, 100)}`);
        }
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
}

export function shiftsOf(page: Page): Promise<string[]> {
  return page.evaluate(() => window.shifts);
}
