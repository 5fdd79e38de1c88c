import { act, fireEvent, render, screen } from '@testing-library/react';
import { useRef } from 'react';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  type CommandId,
  commandsAt,
  keysOf,
  listenToKeys,
  runCommand,
  setSingleKeys,
  useCommand,
  usePendingKeys,
} from './commands';

const create = vi.fn<() => void>();
const goToList = vi.fn<() => void>();
const submit = vi.fn<() => void>();
const palette = vi.fn<() => void>();

function Handlers({ onSubmit = submit }: { onSubmit?: () => void }) {
  useCommand('incident.create', create);
  useCommand('go.list', goToList);
  useCommand('form.submit', onSubmit);
  useCommand('palette.show', palette);
  return (
    <>
      <input aria-label="field" />
      <input type="checkbox" aria-label="box" />
      <div role="dialog">
        <button type="button">inside</button>
      </div>
    </>
  );
}

const ran = vi.fn<(id: CommandId) => void>();

function useRun(id: CommandId) {
  useCommand(id, () => ran(id));
}

function press(key: string, more: KeyboardEventInit = {}, target: Element = document.body) {
  return fireEvent.keyDown(target, { key, bubbles: true, cancelable: true, ...more });
}

/** Two rows, as the table has them, with what can have the focus inside them. */
function Rows() {
  useRun('incident.resolve');
  useRun('incident.severity1');
  useRun('incident.severity2');
  useRun('page.next');
  useRun('row.next');
  useRun('row.extendNext');
  useRun('row.selectPage');
  useRun('row.peek');
  useRun('row.open');
  useRun('row.menu');
  useRun('close');
  useRun('help.show');
  const pending = usePendingKeys();
  return (
    <>
      <div data-keys="rows">
        <a className="row-link" href="/incidents/INC-1">
          first
        </a>
        <a className="row-link" href="/incidents/INC-2">
          second
        </a>
        <a href="/elsewhere">link</a>
        <button type="button">button</button>
        <input type="radio" aria-label="radio" />
        <input aria-label="edit" />
        <p contentEditable suppressContentEditableWarning aria-label="rich" />
      </div>
      <output>{pending?.next.map(({ key, title }) => `${key} ${title}`).join(', ')}</output>
    </>
  );
}

function first() {
  return screen.getByText('first');
}

/** Presses keys on the first row, one after the other. */
function pressAll(...keys: Array<string | KeyboardEventInit>) {
  for (const key of keys) {
    if (typeof key === 'string') press(key, {}, first());
    else press(key.key ?? '', key, first());
  }
  const ids = ran.mock.calls.map(([id]) => id);
  ran.mockClear();
  return ids;
}

beforeEach(() => {
  vi.clearAllMocks();
  onTestFinished(listenToKeys(document));
});

describe('keys', () => {
  test('a letter runs its command, with Caps Lock too', () => {
    render(<Handlers />);
    press('c');
    press('C');
    expect(create).toHaveBeenCalledTimes(2);
  });

  test.each([
    { ctrlKey: true },
    { metaKey: true },
    { altKey: true },
    { shiftKey: true },
    { repeat: true },
  ])('not with %j', (modifier) => {
    render(<Handlers />);
    press(modifier.shiftKey ? 'C' : 'c', modifier);
    expect(create).not.toHaveBeenCalled();
  });

  test('not while an input method composes', () => {
    render(<Handlers />);
    press('c', { isComposing: true });
    press('c', { keyCode: 229 });
    expect(create).not.toHaveBeenCalled();
  });

  test('not while typing, nor inside a dialog; on a checkbox yes', () => {
    const view = render(<Handlers />);
    press('c', {}, view.getByLabelText('field'));
    press('c', {}, view.getByText('inside'));
    expect(create).not.toHaveBeenCalled();
    press('c', {}, view.getByLabelText('box'));
    expect(create).toHaveBeenCalledOnce();
  });

  test('two keys in a row, and not when the second comes late', () => {
    render(<Handlers />);
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    press('g');
    vi.advanceTimersByTime(2_000);
    press('i');
    expect(goToList).toHaveBeenCalledOnce();
    press('g');
    vi.advanceTimersByTime(3_000);
    press('i');
    expect(goToList).toHaveBeenCalledOnce();
  });

  test('a chord works while typing, and the newest handler has it', () => {
    const inner = vi.fn<() => void>();
    const view = render(<Handlers />);
    const nested = render(<Handlers onSubmit={inner} />);
    press('Enter', { ctrlKey: true }, view.getAllByLabelText('field')[0]);
    expect(inner).toHaveBeenCalledOnce();
    expect(submit).not.toHaveBeenCalled();
    nested.unmount();
    press('Enter', { ctrlKey: true });
    expect(submit).toHaveBeenCalledOnce();
  });

  test('single letters can be turned off, chords stay', () => {
    render(<Handlers />);
    setSingleKeys(false);
    press('c');
    expect(create).not.toHaveBeenCalled();
    press('Enter', { ctrlKey: true });
    expect(submit).toHaveBeenCalledOnce();
  });

  test('a command without a component does nothing', () => {
    render(<Handlers />).unmount();
    expect(press('c')).toBe(true);
    expect(create).not.toHaveBeenCalled();
  });
});

describe('keys of rows', () => {
  test('act where the focus is in rows, and nowhere else', () => {
    render(<Rows />);
    expect(pressAll('e')).toEqual(['incident.resolve']);
    press('e');
    press('a', { ctrlKey: true });
    expect(ran).not.toHaveBeenCalled();
  });

  test('Mod+a selects rows from a row, and the text of a field inside one', () => {
    render(<Rows />);
    expect(pressAll({ key: 'a', ctrlKey: true })).toEqual(['row.selectPage']);
    expect(press('a', { ctrlKey: true }, screen.getByLabelText('edit'))).toBe(true);
    expect(ran).not.toHaveBeenCalled();
  });

  test.each(['F10', 'ContextMenu'])('the menu opens with %s', (key) => {
    render(<Rows />);
    expect(pressAll({ key, shiftKey: key === 'F10' })).toEqual(['row.menu']);
  });

  test('Space and Enter belong to the row, and to whatever else they press', () => {
    render(<Rows />);
    expect(pressAll(' ', 'Enter')).toEqual(['row.peek', 'row.open']);
    for (const name of ['link', 'button']) {
      expect(press('Enter', {}, screen.getByText(name))).toBe(true);
      expect(press(' ', {}, screen.getByText(name))).toBe(true);
    }
    expect(press('Enter', { ctrlKey: true }, first())).toBe(true);
    expect(ran).not.toHaveBeenCalled();
  });

  test('arrows inside a group of radio buttons are its own', () => {
    render(<Rows />);
    expect(press('ArrowDown', {}, screen.getByLabelText('radio'))).toBe(true);
    expect(press('ArrowDown', {}, first())).toBe(false);
    expect(ran).toHaveBeenCalledOnce();
  });

  test('not in a field, nor in text that can be edited', () => {
    render(<Rows />);
    const rich = screen.getByLabelText('rich');
    // What browsers compute and jsdom does not.
    Object.defineProperty(rich, 'isContentEditable', { value: true });
    for (const target of [rich, screen.getByLabelText('edit')]) {
      expect(press('e', {}, target)).toBe(true);
      expect(press('ArrowDown', {}, target)).toBe(true);
      expect(press(' ', {}, target)).toBe(true);
    }
    expect(ran).not.toHaveBeenCalled();
  });

  test('holding a key down moves on, but acts once', () => {
    render(<Rows />);
    const held = { repeat: true, code: 'KeyE' };
    expect(pressAll({ key: 'j' }, { key: 'j', repeat: true })).toEqual(['row.next', 'row.next']);
    expect(pressAll({ key: 'e', code: 'KeyE' }, { key: 'e', ...held })).toEqual([
      'incident.resolve',
    ]);
  });

  test('a key that is still down types nothing where its command has put the focus', () => {
    render(<Rows />);
    const field = screen.getByLabelText('edit');
    press(']', { code: 'BracketRight' }, first());
    expect(press(']', { code: 'BracketRight', repeat: true }, field)).toBe(false);
    expect(press(']', { code: 'BracketRight' }, field)).toBe(true);
    expect(press(']', { code: 'BracketRight', repeat: true }, field)).toBe(true);
    expect(ran).toHaveBeenCalledOnce();
  });
});

describe('sequences', () => {
  const hint = () => screen.getByRole('status').textContent;

  test('show what may follow until it does', () => {
    render(<Rows />);
    act(() => void pressAll('s'));
    expect(hint()).toBe('1 Set SEV1, 2 Set SEV2');
    act(() => expect(pressAll('2')).toEqual(['incident.severity2']));
    expect(hint()).toBe('');
  });

  test('a slip does nothing, and ends it', () => {
    render(<Rows />);
    expect(pressAll('s', 'e')).toEqual([]);
    expect(pressAll('1')).toEqual([]);
    expect(pressAll('e')).toEqual(['incident.resolve']);
  });

  test('the first key again starts it again, an arrow gives it up and moves', () => {
    render(<Rows />);
    expect(pressAll('s', 's', '1')).toEqual(['incident.severity1']);
    expect(pressAll('s', 'ArrowDown', '1')).toEqual(['row.next']);
  });

  test('Escape ends it, and nothing else', () => {
    render(<Rows />);
    expect(pressAll('s', 'Escape', '1')).toEqual([]);
    expect(pressAll('Escape')).toEqual(['close']);
  });

  test('Shift, for a layout that needs it for digits, does not end it', () => {
    render(<Rows />);
    expect(pressAll('s', 'Shift', { key: '1', shiftKey: true })).toEqual(['incident.severity1']);
  });

  test('end where the focus goes elsewhere, and when the window is left', () => {
    render(<Rows />);
    act(() => first().focus());
    act(() => {
      press('s', {}, first());
      screen.getByText('second').focus();
    });
    expect(hint()).toBe('');
    press('1', {}, screen.getByText('second'));
    act(() => {
      press('s', {}, screen.getByText('second'));
      fireEvent.blur(window);
    });
    press('1', {}, screen.getByText('second'));
    expect(ran).not.toHaveBeenCalled();
  });

  test('are not started by a key that is held down, nor ended by it', () => {
    render(<Rows />);
    expect(pressAll({ key: 's', repeat: true }, '1')).toEqual([]);
    const s = { key: 's', code: 'KeyS' };
    expect(pressAll(s, { ...s, repeat: true }, '1')).toEqual(['incident.severity1']);
  });

  test('are not shown where they are turned off', () => {
    render(<Rows />);
    setSingleKeys(false);
    act(() => expect(pressAll('s', '1')).toEqual([]));
    expect(hint()).toBe('');
  });
});

describe('layouts', () => {
  test('of another script: the place of the key decides', () => {
    render(<Rows />);
    // Cyrillic, with Caps Lock, with Shift; Greek; Persian digits.
    expect(pressAll({ key: 'у', code: 'KeyE' })).toEqual(['incident.resolve']);
    expect(pressAll({ key: 'У', code: 'KeyE' })).toEqual(['incident.resolve']);
    expect(pressAll({ key: 'У', code: 'KeyE', shiftKey: true })).toEqual([]);
    expect(pressAll({ key: 'О', code: 'KeyJ', shiftKey: true })).toEqual(['row.extendNext']);
    expect(pressAll({ key: 'ε', code: 'KeyE' })).toEqual(['incident.resolve']);
    expect(pressAll({ key: 'ы', code: 'KeyS' }, { key: '۱', code: 'Digit1' })).toEqual([
      'incident.severity1',
    ]);
    expect(pressAll({ key: 'ъ', code: 'BracketRight' })).toEqual(['page.next']);
    press('л', { code: 'KeyK', ctrlKey: true });
    press('х', { code: 'BracketRight', shiftKey: true }, first());
    expect(ran).not.toHaveBeenCalled();
  });

  test('of our script: the character decides, wherever it stands', () => {
    render(<Rows />);
    // Dvorak has "e" where QWERTY has "d", and "." where it has "e".
    expect(pressAll({ key: 'e', code: 'KeyD' })).toEqual(['incident.resolve']);
    expect(pressAll({ key: '.', code: 'KeyE' })).toEqual([]);
  });

  test('French: the digit of a sequence without Shift', () => {
    render(<Rows />);
    expect(pressAll('s', { key: '&', code: 'Digit1' })).toEqual(['incident.severity1']);
    expect(pressAll('s', { key: 'é', code: 'Digit2' })).toEqual(['incident.severity2']);
    expect(pressAll('s', { key: '!', code: 'Digit1', shiftKey: true })).toEqual([]);
  });

  test.each(['Windows', 'Linux'])('AltGr types its character, on %s', (system) => {
    render(<Rows />);
    const reported = system === 'Windows' && { ctrlKey: true, altKey: true };
    const altGr = { modifierAltGraph: true, ...reported };
    expect(pressAll({ key: ']', code: 'Digit9', ...altGr })).toEqual(['page.next']);
    // "€" stands on the key of "e", and is no "e".
    expect(pressAll({ key: '€', code: 'KeyE', ...altGr })).toEqual([]);
    expect(pressAll({ key: 'е', code: 'KeyE', ...altGr })).toEqual([]);
  });

  test('dead keys and what is not known are nothing', () => {
    render(<Rows />);
    expect(pressAll({ key: 'Dead', code: 'KeyE' }, { key: 'Unidentified', code: 'KeyE' })).toEqual(
      [],
    );
    expect(pressAll('s', { key: 'Dead', code: 'KeyE' }, '1')).toEqual([]);
  });

  test('a Mac: Cmd is Mod, Ctrl is not, and Option types what stands behind it', async () => {
    vi.spyOn(navigator, 'platform', 'get').mockReturnValue('MacIntel');
    vi.resetModules();
    const { chordOf, keyLabels } = await import('./keys');
    const chord = (init: KeyboardEventInit) => chordOf(new KeyboardEvent('keydown', init));
    expect(chord({ key: 'k', code: 'KeyK', metaKey: true })).toBe('Mod+k');
    expect(chord({ key: 'k', code: 'KeyK', ctrlKey: true })).toBeNull();
    expect(chord({ key: ']', code: 'Digit6', altKey: true })).toBe(']');
    expect(chord({ key: '∑', code: 'KeyW', altKey: true })).toBeNull();
    expect(chord({ key: 'e', code: 'KeyE', altKey: true })).toBeNull();
    expect(keyLabels('Mod+k')).toEqual(['⌘K']);
  });
});

describe('Mod+k', () => {
  test('works in a field and in a dialog, and keeps the browser from its own', () => {
    render(<Handlers />);
    for (const target of [screen.getByLabelText('field'), screen.getByText('inside')]) {
      expect(press('k', { ctrlKey: true }, target)).toBe(false);
      expect(press('k', { ctrlKey: true, repeat: true }, target)).toBe(false);
    }
    expect(palette).toHaveBeenCalledTimes(2);
    expect(press('k', { ctrlKey: true, shiftKey: true })).toBe(true);
  });
});

describe('single letters turned off', () => {
  test('characters do nothing, all else works', () => {
    render(<Rows />);
    setSingleKeys(false);
    expect(pressAll('e', '?', ']', 's', '1', 'j', { key: 'J', shiftKey: true })).toEqual([]);
    expect(
      pressAll(
        ' ',
        'Enter',
        'Escape',
        'ArrowDown',
        { key: 'a', ctrlKey: true },
        {
          key: 'ArrowDown',
          shiftKey: true,
        },
      ),
    ).toEqual(['row.peek', 'row.open', 'close', 'row.next', 'row.selectPage', 'row.extendNext']);
  });

  test('what is shown for a command is what works', () => {
    expect(keysOf('row.next')).toBe('j');
    setSingleKeys(false);
    expect(keysOf('row.next')).toBe('ArrowDown');
    expect(keysOf('incident.severity1')).toBeNull();
  });
});

describe('commands without their keys', () => {
  function Form() {
    const area = useRef<HTMLDivElement>(null);
    useCommand('form.submit', submit, { within: area });
    return (
      <div role="dialog" ref={area}>
        <input aria-label="name" />
      </div>
    );
  }

  test('a chord in a dialog acts inside of it, or not at all', () => {
    const send = vi.fn<() => void>();
    render(<Handlers onSubmit={send} />);
    press('Enter', { ctrlKey: true }, screen.getByText('inside'));
    expect(send).not.toHaveBeenCalled();
    render(<Form />);
    press('Enter', { ctrlKey: true }, screen.getByLabelText('name'));
    expect(submit).toHaveBeenCalledOnce();
    expect(send).not.toHaveBeenCalled();
  });

  test('are offered for where the focus was, unless they say themselves whether they apply', () => {
    let chosen = 0;
    function Acts() {
      useCommand('incident.mitigate', () => undefined, { applies: () => chosen > 0 });
      return <Rows />;
    }
    render(<Acts />);
    const offered = (at: Element) => commandsAt(at).map(({ id }) => id);
    expect(offered(first())).toContain('incident.resolve');
    expect(offered(first())).not.toContain('incident.mitigate');
    expect(offered(document.body)).not.toContain('incident.resolve');
    chosen = 1;
    expect(offered(document.body)).toContain('incident.mitigate');
  });

  test('one that was not meant leaves the key to an older one, or to the browser', () => {
    function Nowhere() {
      useCommand('row.menu', () => false);
      return (
        <div data-keys="rows">
          <a href="/">alone</a>
        </div>
      );
    }
    const nowhere = render(<Nowhere />);
    const alone = nowhere.getByText('alone');
    expect(press('F10', { shiftKey: true }, alone)).toBe(true);
    expect(runCommand('row.menu', alone)).toBe(false);
    expect(runCommand('row.last', alone)).toBe(false);
    nowhere.unmount();
    render(<Rows />);
    render(<Nowhere />);
    expect(pressAll({ key: 'F10', shiftKey: true })).toEqual(['row.menu']);
  });
});
