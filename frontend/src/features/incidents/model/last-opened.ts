/*
 * Which row was opened from which list, and how far down it was, so that coming back finds it again. The browser's
 * own memory of the scroll position is lost when the rows are drawn a moment after it looks.
 */
const KEY = 'lastOpened';

interface LastOpened {
  search: string;
  id: string;
  /** Its place among the rows, counted from 0. */
  index: number;
  scrollY: number;
}

export function rememberOpened(opened: LastOpened): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(opened));
  } catch {
    // Without storage the list opens at its top, which is what a browser would do.
  }
}

/** What was remembered for this list's URL, once. */
export function takeOpened(search: string): LastOpened | null {
  try {
    const opened = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as LastOpened | null;
    if (opened?.search !== search) return null;
    sessionStorage.removeItem(KEY);
    return opened;
  } catch {
    return null;
  }
}
