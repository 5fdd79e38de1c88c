/*
 * The list that an incident was opened from, as it was seen: kept for this tab until it is used, since the browser's
 * own scroll position is lost when the rows are drawn a moment after it looks, and so that the incidents can be walked
 * through in the order that the person saw.
 */
const KEY = 'lastOpened';

/** What is needed to go to an incident. */
interface Stop {
  readonly id: string;
  readonly number: number;
}

export interface LastOpened {
  /** The URL of the list. */
  readonly search: string;
  readonly scrollY: number;
  /** Its rows in their order, and those of other pages that were walked to. */
  readonly rows: readonly Stop[];
  /** The place among them of the incident that was last looked at, counted from 0. */
  readonly index: number;
  /** How many rows of the list are before these. */
  readonly before: number;
  readonly total: number;
  readonly totalIsExact: boolean;
  /** The cursor of what comes after them, if anything does. */
  readonly after: string | null;
  /** The list has been returned to; what it has to know for that has been used. */
  readonly returned?: boolean;
}

export function rememberOpened(opened: LastOpened): void {
  try {
    const rows = opened.rows.map(({ id, number }) => ({ id, number }));
    sessionStorage.setItem(KEY, JSON.stringify({ ...opened, rows }));
  } catch {
    // Without storage the list opens at its top, which is what a browser would do.
  }
}

function read(): LastOpened | null {
  try {
    const opened: Partial<LastOpened> | null = JSON.parse(sessionStorage.getItem(KEY) ?? 'null');
    return Array.isArray(opened?.rows) ? (opened as LastOpened) : null;
  } catch {
    return null;
  }
}

/** What was remembered for this list's URL, once. */
export function takeOpened(search: string): LastOpened | null {
  const opened = read();
  if (opened?.search !== search || opened.returned) return null;
  rememberOpened({ ...opened, returned: true });
  return opened;
}

/** The list that this incident was opened from, which will now lead back to this one; null where it is not in it. */
export function lookAt(id: string): LastOpened | null {
  const opened = read();
  const index = opened?.rows.findIndex((row) => row.id === id) ?? -1;
  if (opened === null || index < 0) return null;
  const looked = { ...opened, index, returned: false };
  rememberOpened(looked);
  return looked;
}

/** With the rows that come after it; those that are there already have only moved. */
export function withRowsAfter(
  opened: LastOpened,
  added: readonly Stop[],
  after: string | null,
): LastOpened {
  return { ...opened, rows: [...opened.rows, ...newOnes(opened, added)], after };
}

/** With the rows of the page before it. */
export function withRowsBefore(opened: LastOpened, added: readonly Stop[]): LastOpened {
  const fresh = newOnes(opened, added);
  return {
    ...opened,
    rows: [...fresh, ...opened.rows],
    index: opened.index + fresh.length,
    before: Math.max(0, opened.before - fresh.length),
  };
}

function newOnes({ rows }: LastOpened, added: readonly Stop[]): Stop[] {
  const known = new Set(rows.map(({ id }) => id));
  return added.filter(({ id }) => !known.has(id));
}
