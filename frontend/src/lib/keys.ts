/*
 * Keys are written as people read them: "c", "?", "[", "Mod+Enter", "g i". Mod is Cmd on a Mac, Ctrl elsewhere.
 */
const isMac = /mac|iphone|ipad/i.test(navigator.platform);

/** How long the second key of "g i" may take. What may follow is shown meanwhile, so it is time to read it. */
export const SEQUENCE_MS = 2500;

const MODIFIERS = new Set([
  'Shift',
  'Control',
  'Alt',
  'Meta',
  'AltGraph',
  'CapsLock',
  'NumLock',
  'Fn',
]);
const NOT_TYPED = new Set(['Dead', 'Process', 'Unidentified']);

/** A press that only prepares another one. */
export function isModifier(event: KeyboardEvent): boolean {
  return MODIFIERS.has(event.key);
}

/**
 * Whether the press belongs to an input method that composes a character. In Safari the Enter that ends that comes
 * after it, and only its code tells.
 */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}

/** The key press in the notation above, or null for a press that can never be a command. */
export function chordOf(event: KeyboardEvent): string | null {
  if (isComposing(event)) return null;
  if (isModifier(event) || NOT_TYPED.has(event.key)) return null;
  const types = typesThirdCharacter(event);
  const mod = isMac ? event.metaKey : event.ctrlKey;
  const foreign = isMac ? event.ctrlKey : event.metaKey;
  if (!types && (foreign || event.altKey)) return null;
  const key = types ? event.key : latinKey(event);
  const letter = /^[a-z]$/i.test(key);
  const parts: string[] = [];
  if (mod && !types) parts.push('Mod');
  // For another character the layout has already applied Shift; for a letter and a named key it has to be said.
  if (event.shiftKey && (letter || key.length > 1)) parts.push('Shift');
  // Caps Lock must not change what a letter does.
  parts.push(letter ? key.toLowerCase() : key === ' ' ? 'Space' : key);
  return parts.join('+');
}

/**
 * Whether the press types the third character of its key: AltGr on many layouts ("[" on a German one), which reports
 * Ctrl and Alt, and Option on a Mac, where other characters than these are chords of the system.
 */
function typesThirdCharacter(event: KeyboardEvent): boolean {
  if (event.getModifierState('AltGraph')) return true;
  if (!isMac || !event.altKey || event.ctrlKey || event.metaKey) return false;
  return /^[!-/:-@[-`{-~]$/.test(event.key);
}

const BRACKETS: Readonly<Record<string, string>> = { BracketLeft: '[', BracketRight: ']' };

/**
 * What the layout says, so that Dvorak is Dvorak. A layout of another script has none of our letters: there the place
 * of the key decides, as it does for that script's own shortcuts.
 */
function latinKey({ key, code, shiftKey }: KeyboardEvent): string {
  if (/^[ -~]+$/.test(key)) return key;
  const [, letter, digit] = /^(?:Key([A-Z])|Digit(\d))$/.exec(code) ?? [];
  return letter ?? (shiftKey ? undefined : (digit ?? BRACKETS[code])) ?? key;
}

/** The digit that stands on a key: on a French keyboard "1" needs Shift, and "&" is typed without. */
export function digitOn({ code, shiftKey }: KeyboardEvent): string | null {
  return (!shiftKey && /^Digit(\d)$/.exec(code)?.[1]) || null;
}

/** Keys that speech input presses by accident: characters, with Shift or without (WCAG 2.1.4), and sequences of them. */
export function isCharacter(keys: string): boolean {
  return keys.split(' ').some((chord) => /^(Shift\+)?.$/u.test(chord));
}

/** True where typing goes: there, only chords with Mod are commands. */
export function isEditable(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement) return true;
  if (target instanceof HTMLSelectElement) return true;
  if (!(target instanceof HTMLInputElement)) return false;
  return !['button', 'checkbox', 'radio', 'reset', 'submit'].includes(target.type);
}

const SYMBOLS: Readonly<Record<string, string>> = {
  Enter: '↵',
  Escape: 'Esc',
  ArrowDown: '↓',
  ArrowUp: '↑',
  ContextMenu: 'Menu',
};

/** The parts to show in <kbd>: "g i" is two presses, "Mod+Enter" one. */
export function keyLabels(keys: string): string[] {
  return keys.split(' ').map((chord) =>
    chord
      .split('+')
      .map((part, _, parts) => {
        if (part === 'Mod') return isMac ? '⌘' : 'Ctrl';
        if (part === 'Shift' && isMac) return '⇧';
        return SYMBOLS[part] ?? (part.length === 1 && parts.length > 1 ? part.toUpperCase() : part);
      })
      .join(isMac ? '' : '+'),
  );
}
