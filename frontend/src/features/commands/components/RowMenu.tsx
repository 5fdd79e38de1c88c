import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import { toast } from 'sonner';
import { Kbd } from '@/components/ui/Kbd';
import { type Place, returnTo } from '@/features/commands/model/place';
import { type Command, type CommandId, commandsAt, runCommand } from '@/lib/commands';
import { isFocusLost } from '@/lib/focus';
import { chordOf } from '@/lib/keys';

const MARGIN = 8;

interface Props {
  place: Place;
  row: HTMLTableRowElement;
  x: number;
  y: number;
  onClose: () => void;
}

/** The one menu that all rows share. It is made of the registry's commands on incidents, and runs them on its row. */
export function RowMenu({ place, row, x, y, onClose }: Props) {
  const layer = useRef<HTMLDivElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const isOpen = useRef(false);
  const [commands] = useState(() => commandsAt(place.element));
  const link = row.querySelector<HTMLAnchorElement>('.row-link');
  const of = (fits: (command: Command) => boolean) =>
    commands.filter((command) => !command.keysOnly && fits(command));

  useLayoutEffect(() => {
    const list = menu.current;
    if (!list) return;
    if (!isOpen.current) layer.current?.showPopover();
    isOpen.current = true;
    const { width, height } = list.getBoundingClientRect();
    const fit = (at: number, size: number, room: number) =>
      Math.max(MARGIN, Math.min(at, room - size - MARGIN));
    list.style.left = `${fit(x, width, window.innerWidth)}px`;
    list.style.top = `${fit(y, height, window.innerHeight)}px`;
    itemsOf(list)[0]?.focus();
  }, [x, y]);

  useLayoutEffect(() => {
    // The row shows that it is meant, since the focus is in the menu.
    row.toggleAttribute('data-menu', true);
    return () => void row.toggleAttribute('data-menu', false);
  }, [row]);

  useEffect(() => {
    window.addEventListener('resize', onClose);
    window.addEventListener('scroll', onClose);
    return () => {
      window.removeEventListener('resize', onClose);
      window.removeEventListener('scroll', onClose);
      // When a command has put the focus elsewhere, it stays there.
      if (isFocusLost()) returnTo(place);
    };
  }, [place, onClose]);

  function run(act: (at: Element) => void) {
    const at = returnTo(place);
    onClose();
    if (at === null) toast('That row is no longer in the list; nothing was done.');
    else act(at);
  }

  function onKeyDown(event: KeyboardEvent) {
    const items = menu.current ? itemsOf(menu.current) : [];
    const now = items.findIndex((item) => item === document.activeElement);
    const chord = chordOf(event.nativeEvent);
    const to = {
      ArrowDown: (now + 1) % items.length,
      ArrowUp: (now - 1 + items.length) % items.length,
      Home: 0,
      End: items.length - 1,
    }[chord ?? ''];
    if (to !== undefined) items[to]?.focus();
    else if (chord === 'Escape' || chord === 'Tab' || chord === 'Shift+Tab') {
      returnTo(place);
      onClose();
      // From the row, Tab goes on to what comes after it.
      if (chord !== 'Escape') return;
    } else if (chord?.length === 1) nextThatStarts(chord, items, now)?.focus();
    else return;
    event.preventDefault();
  }

  const item = ({ id, title }: Command) => (
    <button
      key={id}
      type="button"
      role="menuitem"
      tabIndex={-1}
      className="menu-row"
      onClick={() => run((at) => void runCommand(id, at))}
    >
      <span className="grow">{title}</span>
      <Kbd command={id} />
    </button>
  );
  const act = (...ids: readonly CommandId[]) => of(({ id }) => ids.includes(id)).map(item);

  const groups = [
    act('row.peek', 'row.select', 'incident.copyLink'),
    act('incident.resolve', 'incident.mitigate', 'incident.reopen'),
    of(({ id }) => id.startsWith('incident.severity')).map(item),
    act('incident.assign', 'incident.assignToMe'),
  ].filter((group) => group.length > 0);

  return createPortal(
    // It covers the window, so that the click that closes the menu does nothing else.
    <div
      ref={layer}
      popover="auto"
      className="menu-layer"
      onToggle={(event) => event.newState === 'closed' && onClose()}
      // Nor does it take the focus, which is to go back to the row.
      onMouseDown={(event) => {
        if (event.target === layer.current) event.preventDefault();
      }}
      onClick={(event) => {
        if (event.target === layer.current) onClose();
      }}
      onContextMenu={(event) => {
        // The key that opened it may ask the browser for its own menu when it is let go.
        event.preventDefault();
        if (event.target === layer.current) onClose();
      }}
    >
      <div
        ref={menu}
        role="menu"
        tabIndex={-1}
        className="popover row-menu"
        aria-label={place.subject}
        onKeyDown={onKeyDown}
        onPointerMove={(event) => {
          const under = event.target instanceof Element ? event.target.closest('.menu-row') : null;
          if (under instanceof HTMLElement && under !== document.activeElement) under.focus();
        }}
      >
        <p className="menu-title" aria-hidden="true">
          {place.subject}
        </p>
        <div role="group" aria-label="Open">
          <button
            type="button"
            role="menuitem"
            tabIndex={-1}
            className="menu-row"
            onClick={() => run(() => link?.click())}
          >
            <span className="grow">Open</span>
            <Kbd command="row.open" />
          </button>
          <a
            role="menuitem"
            tabIndex={-1}
            className="menu-row"
            href={link?.href}
            target="_blank"
            rel="noopener"
            onClick={() => run(() => undefined)}
          >
            Open in a new tab
          </a>
        </div>
        {groups.map((group) => (
          <div key={group[0]?.key} role="group">
            {group}
          </div>
        ))}
      </div>
    </div>,
    // A part of the page's content, as its row is.
    document.getElementById('content') ?? document.body,
  );
}

function itemsOf(menu: Element): HTMLElement[] {
  return [...menu.querySelectorAll<HTMLElement>('[role=menuitem]')];
}

/** The first after the present one whose name starts with the letter, going round. */
function nextThatStarts(
  letter: string,
  items: readonly HTMLElement[],
  now: number,
): HTMLElement | undefined {
  const round = [...items.slice(now + 1), ...items.slice(0, now + 1)];
  return round.find((one) => one.textContent?.trim().toLowerCase().startsWith(letter));
}
