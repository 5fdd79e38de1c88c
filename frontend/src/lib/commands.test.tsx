import { fireEvent, render } from '@testing-library/react';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { listenToKeys, setSingleKeys, useCommand } from './commands';

const create = vi.fn<() => void>();
const goToList = vi.fn<() => void>();
const submit = vi.fn<() => void>();

function Handlers({ onSubmit = submit }: { onSubmit?: () => void }) {
  useCommand('incident.create', create);
  useCommand('go.list', goToList);
  useCommand('form.submit', onSubmit);
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

function press(key: string, more: KeyboardEventInit = {}, target: Element = document.body) {
  return fireEvent.keyDown(target, { key, bubbles: true, cancelable: true, ...more });
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
    press('g');
    press('i');
    expect(goToList).toHaveBeenCalledOnce();
    const clock = vi.spyOn(Event.prototype, 'timeStamp', 'get').mockReturnValue(1_000);
    press('g');
    clock.mockReturnValue(3_000);
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
