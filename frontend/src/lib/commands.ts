import { type RefObject, useEffect, useRef, useSyncExternalStore } from 'react';
import {
  chordOf,
  digitOn,
  isCharacter,
  isEditable,
  isModifier,
  keyLabels,
  SEQUENCE_MS,
} from './keys';
import { createListeners } from './listeners';
import { type Right, useCan } from './session';
import { readStored, useStored, writeStored } from './storage';
import { giveUpPart, isPartAwaited } from './typed-ahead';

type CommandGroup = 'Go' | 'List' | 'Move' | 'Select' | 'Act' | 'Writing' | 'Settings' | 'Help';

interface Definition {
  readonly title: string;
  readonly group: CommandGroup;
  /** The first is the one that is shown. Without any, the command is in the palette only. */
  readonly keys: readonly string[];
  /** Only for people with this right; to others it does not exist. */
  readonly needs?: Right;
  /** Its keys act only while the focus is in the rows, the peek or an incident (WCAG 2.1.4). */
  readonly scope?: 'rows';
  /** Holding the key down goes on. */
  readonly repeats?: true;
  /** Only of use as a key, as are all that repeat: nobody looks for it in a palette. */
  readonly keysOnly?: true;
  /** Works where a dialog or a menu owns the keyboard, too. */
  readonly anywhere?: true;
  /** Where it is told together with those that follow: how, and the key of the last. Null for these. */
  readonly together?: { readonly title: string; readonly last: string } | null;
}

/** Something that is done to incidents. */
function act(title: string, keys: readonly string[]): Definition {
  return { title, group: 'Act', keys, scope: 'rows', needs: 'write' };
}

function nthView(place: number): Definition {
  const title = `View ${place}`;
  return { title, group: 'Go', keys: [`g ${place}`], keysOnly: true, together: null };
}

/**
 * Every command of the app, in one place: its keys, its name and where the help sheet lists it. A component
 * gives a command its handler while it is on the screen, so what the help sheet shows is what works here.
 */
const COMMANDS = {
  'palette.show': {
    title: 'Command palette',
    group: 'Go',
    keys: ['Mod+k'],
    keysOnly: true,
    anywhere: true,
  },
  'go.list': { title: 'Go to the incident list', group: 'Go', keys: ['g i'] },
  'view.1': { ...nthView(1), together: { title: 'Go to a view by its place', last: '9' } },
  'view.2': nthView(2),
  'view.3': nthView(3),
  'view.4': nthView(4),
  'view.5': nthView(5),
  'view.6': nthView(6),
  'view.7': nthView(7),
  'view.8': nthView(8),
  'view.9': nthView(9),
  'incident.create': { title: 'New incident', group: 'Go', keys: ['c'], needs: 'write' },
  'search.focus': { title: 'Search', group: 'List', keys: ['/'] },
  'filter.focus': { title: 'Filter', group: 'List', keys: ['f'] },
  'view.save': { title: 'Save the list as a view', group: 'List', keys: [] },
  'view.manage': { title: 'Manage views', group: 'List', keys: [] },
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
  'rows.focus': { title: 'Go to the rows', group: 'Move', keys: ['j', 'k'], keysOnly: true },
  'row.first': { title: 'First row', group: 'Move', keys: ['Home'], scope: 'rows', keysOnly: true },
  'row.last': { title: 'Last row', group: 'Move', keys: ['End'], scope: 'rows', keysOnly: true },
  'row.peek': { title: 'Peek', group: 'Move', keys: ['Space'], scope: 'rows' },
  'row.open': { title: 'Open', group: 'Move', keys: ['Enter'], scope: 'rows' },
  'row.menu': {
    title: 'Menu of the row',
    group: 'Act',
    keys: ['Shift+F10', 'ContextMenu'],
    scope: 'rows',
    keysOnly: true,
  },
  'row.select': {
    title: 'Select',
    group: 'Select',
    keys: ['x'],
    scope: 'rows',
    needs: 'write',
  },
  'row.extendNext': {
    title: 'Extend the selection down',
    group: 'Select',
    keys: ['Shift+j', 'Shift+ArrowDown'],
    scope: 'rows',
    needs: 'write',
    repeats: true,
  },
  'row.extendPrevious': {
    title: 'Extend the selection up',
    group: 'Select',
    keys: ['Shift+k', 'Shift+ArrowUp'],
    scope: 'rows',
    needs: 'write',
    repeats: true,
  },
  'row.selectPage': {
    title: 'Select the page',
    group: 'Select',
    keys: ['Mod+a'],
    scope: 'rows',
    needs: 'write',
  },
  'incident.resolve': act('Resolve', ['e']),
  'incident.mitigate': act('Mitigate', ['m']),
  'incident.reopen': act('Reopen', ['r']),
  'incident.severity1': act('Set SEV1', ['s 1']),
  'incident.severity2': act('Set SEV2', ['s 2']),
  'incident.severity3': act('Set SEV3', ['s 3']),
  'incident.severity4': act('Set SEV4', ['s 4']),
  'incident.assign': act('Assign', ['a']),
  'incident.assignToMe': act('Assign to me', ['i']),
  'incident.copyLink': { title: 'Copy the link', group: 'Act', keys: [], scope: 'rows' },
  'change.undo': { title: 'Undo the last change', group: 'Act', keys: ['z'], needs: 'write' },
  close: {
    title: 'Close the menu, then the peek, then the selection, then the search',
    group: 'List',
    keys: ['Escape'],
    keysOnly: true,
  },
  'form.submit': {
    title: 'Save or send what you are writing',
    group: 'Writing',
    keys: ['Mod+Enter'],
    keysOnly: true,
  },
  'name.set': { title: 'Set your name', group: 'Settings', keys: [] },
  'account.show': { title: 'Your account', group: 'Settings', keys: [] },
  'people.show': { title: 'People', group: 'Settings', keys: [], needs: 'admin' },
  'session.end': { title: 'Sign out', group: 'Settings', keys: [] },
  'theme.light': { title: 'Light theme', group: 'Settings', keys: [] },
  'theme.dark': { title: 'Dark theme', group: 'Settings', keys: [] },
  'theme.system': { title: 'Theme of the system', group: 'Settings', keys: [] },
  'density.compact': { title: 'Compact rows', group: 'Settings', keys: [] },
  'density.standard': { title: 'Standard rows', group: 'Settings', keys: [] },
  'density.comfortable': { title: 'Comfortable rows', group: 'Settings', keys: [] },
  'help.show': { title: 'Keyboard shortcuts', group: 'Help', keys: ['?'] },
} as const satisfies Record<string, Definition>;

export type CommandId = keyof typeof COMMANDS;
export type Command = { readonly id: CommandId } & Definition;

interface Handler {
  /** False where there is nothing to do, so that an older handler has its turn. */
  run: () => unknown;
  /** With several forms open, the one that holds the focus is meant. */
  within?: RefObject<Element | null> | undefined;
  applies: () => boolean | undefined;
}

/** Every command, in the order of the table above. */
const ALL_COMMANDS: readonly Command[] = (Object.keys(COMMANDS) as CommandId[]).map((id) =>
  Object.assign({ id }, COMMANDS[id]),
);

/** The newest handler of a command wins, unless another one's area holds the focus. */
const handlers = new Map<CommandId, Handler[]>();
const { tell, subscribe } = createListeners();
let snapshot: Command[] = [];

function changed(): void {
  snapshot = ALL_COMMANDS.filter(({ id }) => handlers.has(id));
  tell();
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
  /**
   * Asked when the palette or a menu is about to offer the command, while the focus is still where it was: whether it
   * would do something now. Without it, a command of scope rows is offered where the focus is in rows.
   */
  applies?: () => boolean;
}

/**
 * Gives a command its handler while the calling component is mounted and `enabled`. One that returns false was not
 * meant: an older one has its turn, or the key is left to the browser. Whoever may not do it has no such command.
 */
export function useCommand(id: CommandId, run: () => unknown, options: Options = {}): void {
  const { enabled = true, within, applies } = options;
  const { needs }: Definition = COMMANDS[id];
  const isMeant = useCan(needs) && enabled;
  const latest = useRef({ run, applies });
  useEffect(() => {
    latest.current = { run, applies };
  });
  useEffect(() => {
    if (!isMeant) return undefined;
    return register(id, {
      run: () => latest.current.run(),
      within,
      applies: () => latest.current.applies?.(),
    });
  }, [id, isMeant, within]);
}

/** What owns the keyboard while the focus is in it; its own keys are handled inside. */
const OVERLAYS = 'dialog, [role=dialog], [role=menu]';

function overlayOf(target: EventTarget | null): Element | null {
  return target instanceof Element ? target.closest(OVERLAYS) : null;
}

/** The handlers that a command has for the focus at `target`, the one that is meant first. */
function handlersFor(id: CommandId, target: EventTarget | null): Handler[] {
  const here = target instanceof Node ? target : null;
  const { anywhere }: Definition = COMMANDS[id];
  const overlay = anywhere ? null : overlayOf(target);
  // What lies behind a dialog must not be sent from inside it.
  const all = (handlers.get(id) ?? []).filter(
    ({ within }) => overlay === null || overlay.contains(within?.current ?? null),
  );
  const focused = all.findLast(({ within }) => within?.current?.contains(here));
  return focused ? [focused] : all.toReversed();
}

/** Runs a command as its key would with the focus at `target`. False where nothing here can. */
export function runCommand(id: CommandId, target: EventTarget | null = null): boolean {
  return handlersFor(id, target).some(({ run }) => run() !== false);
}

/** What the palette and the menus offer for the focus at `target`: nothing that would do nothing. */
export function commandsAt(target: EventTarget | null): Command[] {
  return snapshot.filter(({ id, scope }) =>
    handlersFor(id, target).some(
      ({ applies }) => applies() ?? (scope === undefined || isInRows(target)),
    ),
  );
}

export function titleOf(id: CommandId): string {
  return COMMANDS[id].title;
}

/** Every command that the person may give, whether it has a handler now or not. */
export function usePermittedCommands(): Command[] {
  const rights = { write: useCan('write'), admin: useCan('admin') };
  return ALL_COMMANDS.filter(({ needs }) => needs === undefined || rights[needs]);
}

/** The commands that have a handler now, in the order of the table above. */
export function useAvailableCommands(): Command[] {
  return useSyncExternalStore(subscribe, () => snapshot);
}

// Speech input types letters by accident, so WCAG 2.1.4 asks that single-letter keys can be turned off.
const LETTERS_KEY = 'singleKeys';

export function useSingleKeys(): boolean {
  return useStored(LETTERS_KEY) !== 'off';
}

export function setSingleKeys(on: boolean): void {
  writeStored(LETTERS_KEY, on ? null : 'off');
}

function isOff(keys: string): boolean {
  return isCharacter(keys) && readStored(LETTERS_KEY) === 'off';
}

/** The keys that are shown for a command: the first of those that work, or null. */
export function keysOf(id: CommandId): string | null {
  return COMMANDS[id].keys.find((keys) => !isOff(keys)) ?? null;
}

/** The same, alive: it changes when single letters are turned off. */
export function useKeysOf(id: CommandId): string | null {
  useStored(LETTERS_KEY);
  return keysOf(id);
}

/** "New incident (c)", for a button that does what a command does. */
export function tipOf(id: CommandId, text: string = COMMANDS[id].title): string {
  const keys = keysOf(id);
  return keys === null ? text : `${text} (${keyLabels(keys).join(' ')})`;
}

/** Whether the keys of rows act here: in the table, the peek, and the page of an incident. */
export function isInRows(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('[data-keys=rows]') !== null;
}

/** Whether the key belongs to what has the focus, or is turned off. */
function isTaken({ target }: KeyboardEvent, chord: string): boolean {
  // "Mod+a" selects the text of a field, the other chords with Mod are ours from inside of one as well.
  if (chord.startsWith('Mod+') && chord !== 'Mod+a') return false;
  return (
    isEditable(target) || overlayOf(target) !== null || isOwnKey(target, chord) || isOff(chord)
  );
}

/** Whether the key is meant for a part of the page that is still on its way. */
function isTypedAhead({ target }: KeyboardEvent, chord: string): boolean {
  if (!isPartAwaited() || chord.startsWith('Mod+')) return false;
  return !isEditable(target) && overlayOf(target) === null;
}

const PRESSED = 'a[href]:not(.row-link), button, input, summary, [role=button], [role=checkbox]';
const ARROWED = 'input[type=radio], [role=radio], [role=slider], [role=tab], [role=listbox]';

/**
 * Space and Enter press what has the focus, arrows move inside it. A row's link is the row, whose Space is the peek.
 */
function isOwnKey(target: EventTarget | null, chord: string): boolean {
  if (!(target instanceof Element)) return false;
  if (chord === 'Space' || chord === 'Enter') return target.matches(PRESSED);
  return /Arrow|Home|End/.test(chord) && target.matches(ARROWED);
}

/** The first key of a sequence was pressed: it waits for one of these. */
interface Pending {
  readonly first: string;
  readonly next: ReadonlyArray<{ readonly key: string; readonly title: string }>;
}

let pending: Pending | null = null;
let pendingEnds: ReturnType<typeof setTimeout> | undefined;

function setPending(next: Pending | null): void {
  clearTimeout(pendingEnds);
  if (next !== null) pendingEnds = setTimeout(() => setPending(null), SEQUENCE_MS);
  if (next === pending) return;
  pending = next;
  tell();
}

export function usePendingKeys(): Pending | null {
  return useSyncExternalStore(subscribe, () => pending);
}

/** What `first` can be the first key of. */
function sequenceFrom(first: string, commands: readonly Command[]): Pending | null {
  const next = commands.flatMap(({ keys, title, together }) =>
    keys
      .filter((one) => one.startsWith(`${first} `) && together !== null)
      .map((one) => {
        const key = one.slice(first.length + 1);
        return together
          ? { key: `${key}–${together.last}`, title: together.title }
          : { key, title };
      }),
  );
  return next.length > 0 ? { first, next } : null;
}

/** Starts listening to the keyboard; returns how to stop. */
export function listenToKeys(target: Document): () => void {
  /** The key that ran a command and is still down. What it would type next must not land where the focus is by then. */
  let held: string | null = null;

  function onKeyDown(event: KeyboardEvent): void {
    if (isModifier(event)) return;
    if (event.repeat && event.code === held) {
      event.preventDefault();
      return;
    }
    if (!event.repeat) held = null;
    const first = pending?.first;
    setPending(null);
    const chord = chordOf(event);
    if (chord === null || event.defaultPrevented) return;
    if (isTypedAhead(event, chord)) {
      // Keys that move elsewhere and those of the browser do what they always do.
      if (chord === 'Escape') giveUpPart();
      if (/^(Shift\+)?(.|Space|Enter|Arrow.*|Escape)$/u.test(chord)) event.preventDefault();
      return;
    }
    if (isTaken(event, chord)) return;

    const here = snapshot.filter(({ scope }) => scope === undefined || isInRows(event.target));
    const find = (keys: string) => {
      const all = here.filter((command) => command.keys.includes(keys));
      // In the rows their own keys come first.
      return all.find(({ scope }) => scope !== undefined) ?? all[0];
    };
    const sequence = sequenceFrom(chord, here);
    // An arrow, Enter or Tab does what it always does; the sequence is given up.
    const second = first !== undefined && (isCharacter(chord) || chord === 'Escape');
    const command = second
      ? (find(`${first} ${chord}`) ?? find(`${first} ${digitOn(event)}`))
      : find(chord);

    if (command) {
      if (event.repeat && !command.repeats) event.preventDefault();
      else if (runCommand(command.id, event.target)) {
        event.preventDefault();
        if (!command.repeats) held = event.code;
      }
    } else if (sequence && !event.repeat) {
      held = event.code;
      setPending(sequence);
    } else if (second) {
      // A wrong second key does nothing at all: "s e" was not meant to resolve.
      event.preventDefault();
    }
  }

  const cancel = () => setPending(null);
  target.addEventListener('keydown', onKeyDown);
  // The second key must act on what the first one was pressed on.
  target.addEventListener('focusout', cancel);
  window.addEventListener('blur', cancel);
  return () => {
    cancel();
    target.removeEventListener('keydown', onKeyDown);
    target.removeEventListener('focusout', cancel);
    window.removeEventListener('blur', cancel);
  };
}
