/*
 * Keys are written as people read them: "c", "?", "[", "Mod+Enter", "g i". Mod is Cmd on a Mac, Ctrl elsewhere.
 */
const isMac = /mac|iphone|ipad/i.test(navigator.platform);

/** How long the second key of "g i" may take. */
export const SEQUENCE_MS = 1000;

/** The key press in the notation above, or null for a press that can never be a command. */
export function chordOf(event: KeyboardEvent): string | null {
  // While an input method composes a character, its keys are not ours.
  if (event.isComposing || event.keyCode === 229) return null;
  if (['Shift', 'Control', 'Alt', 'Meta', 'AltGraph', 'Dead', 'Process'].includes(event.key))
    return null;
  // AltGr types characters on many layouts ("[" on a German one); it reports Ctrl+Alt.
  const altGraph = event.getModifierState('AltGraph');
  const mod = isMac ? event.metaKey : event.ctrlKey;
  const foreign = isMac ? event.ctrlKey : event.metaKey;
  if (!altGraph && (foreign || event.altKey)) return null;
  const parts: string[] = [];
  if (mod && !altGraph) parts.push('Mod');
  // For a character the layout has already applied Shift; for a named key it has to be said.
  if (event.shiftKey && event.key.length > 1) parts.push('Shift');
  // Caps Lock must not change what a letter does, Shift must.
  const letter = /^[a-z]$/i.test(event.key);
  if (event.shiftKey && letter) parts.push('Shift');
  parts.push(letter ? event.key.toLowerCase() : event.key === ' ' ? 'Space' : event.key);
  return parts.join('+');
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
};

/** The parts to show in <kbd>: "g i" is two presses, "Mod+Enter" one. */
export function keyLabels(keys: string): string[] {
  return keys.split(' ').map((chord) =>
    chord
      .split('+')
      .map((part, _, parts) => {
        if (part === 'Mod') return isMac ? '⌘' : 'Ctrl';
        return SYMBOLS[part] ?? (part.length === 1 && parts.length > 1 ? part.toUpperCase() : part);
      })
      .join(isMac ? '' : '+'),
  );
}
