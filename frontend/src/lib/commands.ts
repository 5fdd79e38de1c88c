import { type RefObject, useEffect, useRef, useSyncExternalStore } from 'react';
import { chordOf, isEditable, SEQUENCE_MS } from './keys';
import { readStored, useStored, writeStored } from './storage';

/**
 * Every command of the app, in one place: its key, its name and where the help sheet lists it. A component
 * gives a command its handler while it is on the screen, so what the help sheet shows is what works here.
 */
const COMMANDS = {
  'go.list': { title: 'Go to the incident list', group: 'Go', keys: 'g i' },
  'incident.create': { title: 'New incident', group: 'Go', keys: 'c' },
  'search.focus': { title: 'Search', group: 'List', keys: '/' },
  'list.load': { title: 'Load what is new', group: 'List', keys: '.' },
  'page.previous': { title: 'Previous page', group: 'List', keys: '[' },
  'page.next': { title: 'Next page', group: 'List', keys: ']' },
  'form.submit': {
    title: 'Save or send what you are writing',
    group: 'Writing',
    keys: 'Mod+Enter',
  },
  'help.show': { title: 'Keyboard shortcuts', group: 'Help', keys: '?' },
} as const satisfies Record<string, { title: string; group: string; keys: string }>;

export type CommandId = keyof typeof COMMANDS;
type Command = { id: CommandId; title: string; group: string; keys: string };

interface Handler {
  run: () => void;
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
export function useCommand(id: CommandId, run: () => void, options: Options = {}): void {
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

function runCommand(id: CommandId, target: EventTarget | null): void {
  const all = handlers.get(id) ?? [];
  const here = target instanceof Node ? target : null;
  const focused = all.findLast(({ within }) => within?.current?.contains(here));
  (focused ?? all.at(-1))?.run();
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

export function keysOf(id: CommandId): string {
  return COMMANDS[id].keys;
}

// Speech input types letters by accident, so WCAG 2.1.4 asks that single-letter keys can be turned off.
const LETTERS_KEY = 'singleKeys';

export function useSingleKeys(): boolean {
  return useStored(LETTERS_KEY) !== 'off';
}

export function setSingleKeys(on: boolean): void {
  writeStored(LETTERS_KEY, on ? null : 'off');
}

/** Starts listening to the keyboard; returns how to stop. */
export function listenToKeys(target: Document): () => void {
  let prefix = '';
  let prefixAt = 0;

  function onKeyDown(event: KeyboardEvent): void {
    const chord = chordOf(event);
    if (chord === null || event.defaultPrevented || event.repeat) return;
    const hasMod = chord.startsWith('Mod+');
    if (!hasMod) {
      if (isEditable(event.target) || readStored(LETTERS_KEY) === 'off') return;
      // An open dialog owns the keyboard; its own keys are handled inside.
      if (event.target instanceof Element && event.target.closest('dialog, [role=dialog]')) return;
    }
    const started = prefix !== '' && event.timeStamp - prefixAt < SEQUENCE_MS;
    const typed = started ? `${prefix} ${chord}` : chord;
    prefix = '';
    const match = snapshot.find((command) => command.keys === typed);
    if (match) {
      event.preventDefault();
      runCommand(match.id, event.target);
    } else if (snapshot.some((command) => command.keys.startsWith(`${typed} `))) {
      prefix = typed;
      prefixAt = event.timeStamp;
    }
  }

  target.addEventListener('keydown', onKeyDown);
  return () => target.removeEventListener('keydown', onKeyDown);
}
