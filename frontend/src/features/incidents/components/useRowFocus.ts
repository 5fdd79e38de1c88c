import { type FocusEvent, type RefObject, useEffect, useRef } from 'react';
import type { Incident } from '@/features/incidents/model/incident';
import { useCommand } from '@/lib/commands';
import { isFocusLost } from '@/lib/focus';
import { createListeners } from '@/lib/listeners';

type Body = HTMLTableSectionElement;

interface ActiveRow {
  readonly id: string;
  /** Its place among the rows, counted from 0, where its incident has left. */
  readonly index: number;
}

/*
 * The row that has the focus, or had it last: what the keys of rows are about. It changes with every press of `j`, so
 * it is kept outside of the tree, and only what shows it is drawn again.
 */
let active: ActiveRow | null = null;
const followers = createListeners();

/** Calls back with every change of it; returns how to stop. */
export const followActiveRow = followers.subscribe;

function setActive(next: ActiveRow | null): void {
  if (active?.id === next?.id && active?.index === next?.index) return;
  active = next;
  followers.tell();
}

/** Null as long as no row of this list has had the focus. */
export function activeRow(): ActiveRow | null {
  return active;
}

/** What Tab stops at in the row that has the focus, or had it last. */
const STOPS = '.row-link, .c-select input';

function linkOf(row: Element | null | undefined): HTMLElement | null {
  return row?.querySelector<HTMLElement>('.row-link') ?? null;
}

/** The row of an incident; where that is gone, the one that is now in its place. */
function findRow(body: Body, id: string, index: number): HTMLTableRowElement | undefined {
  const rows = [...body.rows];
  return rows.find((row) => row.dataset.id === id) ?? rows[Math.min(index, rows.length - 1)];
}

/** Focuses the link of a row; when that row is gone, of the one that is now in its place. */
export function focusRow(id: string, index: number, { show = false } = {}): void {
  const body = document.querySelector<Body>('.incidents tbody');
  const row = body ? findRow(body, id, index) : undefined;
  linkOf(row)?.focus({ preventScroll: true });
  if (show) row?.scrollIntoView({ block: 'nearest' });
}

/** Where the focus goes that has nowhere else to go: the row that had it last, or the first one. */
export function tabStop(): HTMLElement | null {
  return document.querySelector('.row-link[tabindex="0"]');
}

/** Makes a row the active one, and leaves the focus where it is. */
export function activateRow(id: string): void {
  const body = document.querySelector<Body>('.incidents tbody');
  const index = [...(body?.rows ?? [])].findIndex((row) => row.dataset.id === id);
  if (body === null || index < 0) return;
  setActive({ id, index });
  makeTabStop(body, body.rows[index]);
}

/** Whether the focus is in the header of the rows, where no row is highlighted. */
export function isInHeader(): boolean {
  return document.activeElement?.closest('.incidents thead') != null;
}

function goToRows(): void {
  tabStop()?.focus({ preventScroll: true });
  tabStop()?.closest('tr')?.scrollIntoView({ block: 'nearest' });
}

/** After something was done to the row with the focus: on to the next one. */
export function moveOn(): void {
  const row = document.activeElement?.closest('.incidents tbody tr')?.nextElementSibling;
  linkOf(row)?.focus({ preventScroll: true });
  row?.scrollIntoView({ block: 'nearest' });
}

/**
 * One row is a tab stop, with its link and its box. It changes with every key, so it is told to the elements
 * themselves rather than drawn: React always has -1 for them, and so leaves them alone.
 */
function makeTabStop(body: Body, row: HTMLTableRowElement | undefined): void {
  for (const stop of body.querySelectorAll<HTMLElement>('[tabindex="0"]')) stop.tabIndex = -1;
  for (const stop of row?.querySelectorAll<HTMLElement>(STOPS) ?? []) stop.tabIndex = 0;
}

interface Options {
  incidents: readonly Incident[];
  /** Which list, in which order, and which of its pages the rows are. */
  place: string;
  onExtend: (from: string, to: string) => void;
  /** The key for the next row was pressed on the last one. */
  onEnd: () => void;
}

/**
 * Roving focus: the rows are one stop of the Tab key, and keys move among them. The focus stays in the list when its
 * row leaves, because it was resolved meanwhile; on another page or in another list it is on the first row.
 */
export function useRowFocus(body: RefObject<Body | null>, options: Options) {
  const { incidents, place, onExtend, onEnd } = options;
  const isInside = useRef(false);
  const shownPlace = useRef(place);

  // It looks at the rows as they are drawn, so it has to run whenever they are others.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above.
  useEffect(() => {
    if (body.current === null) return;
    const turned = shownPlace.current !== place;
    shownPlace.current = place;
    if (turned) setActive(null);
    const { id, index } = active ?? { id: '', index: 0 };
    const row = findRow(body.current, id, index);
    makeTabStop(body.current, row);
    const focused = document.activeElement;
    const wasLost = isFocusLost() && (turned || isInside.current);
    if (wasLost || (turned && body.current.contains(focused))) {
      linkOf(row)?.focus({ preventScroll: true });
    }
    if (turned) row?.scrollIntoView({ block: 'nearest' });
  }, [body, incidents, place]);
  useEffect(() => () => setActive(null), []);

  /** Moves by so many rows and stops at the ends. */
  function move(by: number, extend = false): void {
    if (isInHeader()) {
      goToRows();
      return;
    }
    const rows = [...(body.current?.rows ?? [])];
    const { id, index } = active ?? { id: '', index: -1 };
    const here = rows.findIndex((row) => row.dataset.id === id);
    const at = here < 0 ? index : here;
    const to = Math.max(0, Math.min(at + by, rows.length - 1));
    const row = rows[to];
    linkOf(row)?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: 'nearest' });
    const [from, next] = [rows[at]?.dataset.id, row?.dataset.id];
    if (extend && next !== undefined) onExtend(from ?? next, next);
    else if (at === to && by === 1) onEnd();
  }

  useCommand('row.next', () => move(1));
  useCommand('row.previous', () => move(-1));
  useCommand('row.first', () => move(-incidents.length));
  useCommand('row.last', () => move(incidents.length));
  useCommand('row.extendNext', () => move(1, true));
  useCommand('row.extendPrevious', () => move(-1, true));
  useCommand('rows.focus', goToRows);

  return {
    onFocus: (event: FocusEvent<Body>) => {
      const row = event.target.closest('tr');
      const id = row?.dataset.id;
      if (!row || id === undefined) return;
      isInside.current = true;
      // The header is the row 0 of the table.
      setActive({ id, index: row.rowIndex - 1 });
      makeTabStop(event.currentTarget, row);
    },
    onBlur: (event: FocusEvent<Body>) => {
      // The window may have lost the focus, and the row not.
      isInside.current = document.activeElement === event.target;
    },
  };
}
