import type { MouseEvent } from 'react';

/** Whether a click on a link means this page; one for another tab, a window or a download is the browser's own. */
export function isPlainClick(event: MouseEvent): boolean {
  const isForAnother = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
  return !isForAnother && event.button === 0;
}
