import { type RefObject, useEffect, useRef, useSyncExternalStore } from 'react';
import { chordOf, isEditable, SEQUENCE_MS } from './keys';
import { readStored, useStored, writeStored } from './storage';

interface Definition {
  readonly title: string;
  readonly group: 'Go' | 'List' | 'Move' | 'Select' | 'Act' | 'Writing' | 'Help';
  /** The first is the one that is shown. Without any, the command is in the palette only. */
  readonly keys: readonly string[];
  /** Its keys act only while the focus is in the rows, the peek or an incident (WCAG 2.1.4). */
  readonly scope?: 'rows';
  /** Holding the key down goes on. */
  readonly repeats?: true;
}

/**
 * Every command of the app, in one place: its keys, its name and where the help sheet lists it. A component
 * gives a command its handler while it is on the screen, so what the help sheet shows is what works here.
 */
const COMMANDS = {
  'palette.show': { title: 'Command palette', group: 'Go', keys: ['Mod+k'] },
  'go.list': { title: 'Go to the incident list', group: 'Go', keys: ['g i'] },
  'incident.create': { title: 'New incident', group: 'Go', keys: ['c'] },
  'search.focus': { title: 'Search', group: 'List', keys: ['/'] },
  'filter.focus': { title: 'Filter', group: 'List', keys: ['f'] },
  'list.load': { title: 'Load what is new', group: 'List', keys: ['.'] },
  'page.previous': { title: 'Previous page', group: 'List', keys: ['['] },
  'page.next': { title: 'Next page', group: 'List', keys: [']'] },
  'incident.previous': { title: 'Previous incident of the list', group: 'Go', keys: ['['] },
  'incident.next': { title: 'Next incident of the list', group: 'Go', keys: [']'] },
  'row.next': {
    title: 'Next row',
    group: 'Move',
    keys: ['j', 'ArrowDown'],
    scope: 'rows',
    repeats: true,
  },
  'row.previous': {
    title: 'Previous row',
    group: 'Move',
    keys: ['k', 'ArrowUp'],
    scope: 'rows',
    repeats: true,
  },
  // After the two that these keys are inside the rows: from anywhere else they lead into them.
  'rows.focus': { title: 'Go to the rows', group: 'Move', keys: ['j', 'k'] },
  'row.first': { title: 'First row', group: 'Move', keys: ['Home'], scope: 'rows' },
  'row.last': { title: 'Last row', group: 'Move', keys: ['End'], scope: 'rows' },
  'row.peek': { title: 'Peek', group: 'Move', keys: ['Space'], scope: 'rows' },
  'row.open': { title: 'Open', group: 'Move', keys: ['Enter'], scope: 'rows' },
  'row.menu': { title: 'Menu of the row', group: 'Act', keys: ['Shift+F10'], scope: 'rows' },
  'row.select': { title: 'Select', group: 'Select', keys: ['x'], scope: 'rows' },
  'row.extendNext': {
    title: 'Extend the selection down',
    group: 'Select',
    keys: ['Shift+j', 'Shift+ArrowDown'],
    scope: 'rows',
    repeats: true,
  },
  'row.extendPrevious': {
    title: 'Extend the selection up',
    group: 'Select',
    keys: ['Shift+k', 'Shift+ArrowUp'],
    scope: 'rows',
    repeats: true,
  },
  'row.selectPage': { title: 'Select the page', group: 'Select', keys: ['Mod+a'], scope: 'rows' },
  'incident.resolve': { title: 'Resolve', group: 'Act', keys: ['e'], scope: 'rows' },
  'incident.mitigate': { title: 'Mitigate', group: 'Act', keys: ['m'], scope: 'rows' },
  'incident.reopen': { title: 'Reopen', group: 'Act', keys: ['r'], scope: 'rows' },
  'incident.severity1': { title: 'Set SEV1', group: 'Act', keys: ['s 1'], scope: 'rows' },
  'incident.severity2': { title: 'Set SEV2', group: 'Act', keys: ['s 2'], scope: 'rows' },
  'incident.severity3': { title: 'Set SEV3', group: 'Act', keys: ['s 3'], scope: 'rows' },
  'incident.severity4': { title: 'Set SEV4', group: 'Act', keys: ['s 4'], scope: 'rows' },
  'incident.assign': { title: 'Assign', group: 'Act', keys: ['a'], scope: 'rows' },
  'incident.assignToMe': { title: 'Assign to me', group: 'Act', keys: ['i'], scope: 'rows' },
  'incident.copyLink': { title: 'Copy the link', group: 'Act', keys: [], scope: 'rows' },
  'change.undo': { title: 'Undo the last change', group: 'Act', keys: ['z'] },
  close: {
    title: 'Close the menu, then the peek, then the selection, then the search',
    group: 'List',
    keys: ['Escape'],
  },
  'form.submit': {
    title: 'Save or send what you are writing',
    group: 'Writing',
    keys: ['Mod+Enter'],
  },
  'help.show': { title: 'Keyboard shortcuts', group: 'Help', keys: ['?'] },
} as const satisfies Record<string, Definition>;

export type CommandId = keyof typeof COMMANDS;
type Command = { readonly id: CommandId } & Definition;

interface Handler {
  /** False where there is nothing to do, so that an older handler has its turn. */
  run: () => unknown;
  /** With several forms open, the one that holds the focus is meant. */
  within?: RefObject<Element | null> | undefined;
}

/** The newest handler of a command wins, unless another one's area holds the focus. */
const handlers = new Map<CommandId, Handler[]>();
const listeners = new Set<() => void>();
let snapshot: Command[] = [];

function changed(): void {
  snapshot = (Object.keys(COMMANDS) as CommandId[])
    .filter((id) => handlers.has(id))
    .map((id) => Object.assign({ id }, COMMANDS[id]));
  for (const listener of listeners) listener();
}

function register(id: CommandId, added: Handler): () => void {
  handlers.set(id, [...(handlers.get(id) ?? []), added]);
  changed();
  return () => {
    const rest = (handlers.get(id) ?? []).filter((handler) => handler !== added);
    if (rest.length > 0) handlers.set(id, rest);
    else handlers.delete(id);
    changed();
  };
}

interface Options {
  enabled?: boolean;
  within?: RefObject<Element | null>;
}

/** Gives a command its handler while the calling component is mounted and `enabled`. */
export function useCommand(id: CommandId, run: () => unknown, options: Options = {}): void {
  const { enabled = true, within } = options;
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  useEffect(
    () => (enabled ? register(id, { run: () => latest.current(), within }) : undefined),
    [id, enabled, within],
  );
}

/** Runs a command as its key would, pressed on `target`. False where nobody had anything to do. */
export function runCommand(id: CommandId, target: EventTarget | null = null): boolean {
  const all = handlers.get(id) ?? [];
  const here = target instanceof Node ? target : null;
  const focused = all.findLast(({ within }) => within?.current?.contains(here));
  const inTurn = focused ? [focused] : all.toReversed();
  return inTurn.some(({ run }) => run() !== false);
}

/** The commands that can run now, in the order of the table above. */
export function useAvailableCommands(): Command[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => snapshot,
  );
}

export function titleOf(id: CommandId): string {
  return COMMANDS[id].title;
}

/** The keys that are shown for a command, or null where it has none. */
export function keysOf(id: CommandId): string | null {
  return COMMANDS[id].keys[0] ?? null;
}

// Speech input types letters by accident, so WCAG 2.1.4 asks that single-letter keys can be turned off.
const LETTERS_KEY = 'singleKeys';

export function useSingleKeys(): boolean {
  return useStored(LETTERS_KEY) !== 'off';
}

export function setSingleKeys(on: boolean): void {
  writeStored(LETTERS_KEY, on ? null : 'off');
}

/** Whether the keys of rows act here: in the table, the peek, and the page of an incident. */
function isInRows(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('[data-keys=rows]') !== null;
}

/** Whether the key belongs to what has the focus, or is turned off. */
function isTaken({ target }: KeyboardEvent, chord: string): boolean {
  if (chord.startsWith('Mod+') && chord !== 'Mod+a') return false;
  if (isEditable(target)) return true;
  // An open dialog or menu owns the keyboard; its own keys are handled inside.
  if (target instanceof Element && target.closest('dialog, [role=dialog], [role=menu]'))
    return true;
  if (chord === 'Space' || chord === 'Enter') return isControl(target);
  return chord.length === 1 && readStored(LETTERS_KEY) === 'off';
}

/** What is pressed by Space or Enter itself. A row's link is the row, whose Space is the peek. */
function isControl(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  return target.matches('a[href]:not(.row-link), button, input, select, summary, [role=button]');
}

/** Starts listening to the keyboard; returns how to stop. */
export function listenToKeys(target: Document): () => void {
  let prefix = '';
  let prefixAt = 0;

  function onKeyDown(event: KeyboardEvent): void {
    const chord = chordOf(event);
    if (chord === null || event.defaultPrevented || isTaken(event, chord)) return;
    const started = prefix !== '' && event.timeStamp - prefixAt < SEQUENCE_MS;
    const typed = started ? `${prefix} ${chord}` : chord;
    prefix = '';
    const possible = snapshot.filter(({ scope }) => scope === undefined || isInRows(event.target));
    const match = possible.find(({ keys }) => keys.includes(typed));
    if (match) {
      if (event.repeat && !match.repeats) return;
      event.preventDefault();
      runCommand(match.id, event.target);
    } else if (possible.some(({ keys }) => keys.some((key) => key.startsWith(`${typed} `)))) {
      prefix = typed;
      prefixAt = event.timeStamp;
    }
  }

  target.addEventListener('keydown', onKeyDown);
  return () => target.removeEventListener('keydown', onKeyDown);
}
