import { useEffect } from 'react';
import { placeNow, rowOf, useSubject } from '@/features/commands/model/place';
import { show } from '@/features/commands/model/shown';
import type { Incident } from '@/features/incidents/model/incident';
import { useCommand } from '@/lib/commands';
import { useCopyLink } from './useCopyLink';

interface Selection {
  /** Those that are selected, by id. */
  readonly chosen: ReadonlyMap<string, Incident>;
  /** All that match are meant, on every page. */
  readonly all: boolean;
  clear: () => void;
}

const NOTHING: Selection = { chosen: new Map(), all: false, clear: () => undefined };

/**
 * The menu of the rows of a table: by right click, by its command, and by the button that a row shows under the pointer.
 * A right click on a row that is not selected is about that row alone, so it gives up the selection.
 */
export function useRowMenu(incidents: readonly Incident[], selection: Selection = NOTHING): void {
  function open(row: HTMLTableRowElement, x: number, y: number) {
    const isChosen = selection.all || selection.chosen.has(row.dataset.id ?? '');
    if (!isChosen) selection.clear();
    row.querySelector<HTMLElement>('.row-link')?.focus({ preventScroll: true });
    const place = placeNow();
    const key = row.querySelector('.row-key')?.textContent ?? '';
    show({ what: 'menu', place: isChosen ? place : { ...place, subject: key }, row, x, y });
  }

  function openBelow(row: HTMLTableRowElement, at: Element) {
    const { left, bottom } = at.getBoundingClientRect();
    open(row, left, bottom);
  }

  useCommand('row.menu', () => {
    const row = rowOf(document.activeElement);
    const link = row?.querySelector('.row-link');
    if (!row || !link) return false;
    openBelow(row, link);
    return true;
  });

  const { size } = selection.chosen;
  useSubject((row) => {
    if (selection.all) return 'All that match';
    if (size > 0) return size === 1 ? '1 selected incident' : `${size} selected incidents`;
    return row?.querySelector('.row-key')?.textContent ?? 'Incidents';
  });

  useCopyLink(() => {
    if (selection.chosen.size > 0) return [...selection.chosen.values()];
    const id = rowOf(document.activeElement)?.dataset.id;
    return incidents.filter((incident) => incident.id === id);
  });

  useEffect(() => {
    function onContextMenu(event: MouseEvent) {
      const row = rowOf(event.target);
      // With Shift, and on text that was marked, people want the browser's own.
      if (!row || event.shiftKey || isMarked(row)) return;
      event.preventDefault();
      open(row, event.clientX, event.clientY);
    }

    function onClick(event: MouseEvent) {
      const target = event.target instanceof Element ? event.target.closest('.row-more') : null;
      const row = rowOf(target);
      if (target && row) openBelow(row, target);
    }

    document.addEventListener('contextmenu', onContextMenu);
    document.addEventListener('click', onClick);
    return () => {
      document.removeEventListener('contextmenu', onContextMenu);
      document.removeEventListener('click', onClick);
    };
  });
}

function isMarked(row: Element): boolean {
  const marked = getSelection();
  return marked !== null && !marked.isCollapsed && marked.getRangeAt(0).intersectsNode(row);
}
