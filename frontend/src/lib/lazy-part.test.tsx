import { act, fireEvent, render, screen } from '@testing-library/react';
import { useState } from 'react';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { listenToKeys, useCommand } from './commands';
import { lazyPart } from './lazy-part';

const resolve = vi.fn<() => void>();
const setSeverity = vi.fn<() => void>();
let arrive: () => Promise<void>;
let Part: ReturnType<typeof lazyPart<object>>;

beforeEach(() => {
  vi.clearAllMocks();
  let isThere = () => {};
  const line = new Promise<void>((done) => {
    isThere = done;
  });
  arrive = () => act(async () => isThere());
  Part = lazyPart(async () => {
    await line;
    return () => <input aria-label="Owner" />;
  });
  onTestFinished(listenToKeys(document));
});

function Page({ takesKeys }: { takesKeys?: boolean }) {
  const [isWanted, setIsWanted] = useState(false);
  useCommand('incident.resolve', resolve);
  useCommand('incident.severity1', setSeverity);
  useCommand('incident.assign', () => setIsWanted(true));
  return (
    <div data-keys="rows">
      <a className="row-link" href="/">
        Row
      </a>
      <textarea />
      <Part
        isWanted={isWanted}
        onFailed={() => setIsWanted(false)}
        {...(takesKeys !== undefined && { takesKeys })}
      />
    </div>
  );
}

/** False where the browser is not to do what it would do with the key. */
function press(key: string, target: Element = screen.getByRole('link', { name: 'Row' })): boolean {
  return fireEvent.keyDown(target, { key });
}

test('what is typed before a part is there is no command', async () => {
  render(<Page />);
  press('a');
  for (const key of ['e', 's', '1', 'Enter', ' ', 'ArrowDown']) expect(press(key)).toBe(false);
  expect(resolve).not.toHaveBeenCalled();
  expect(setSeverity).not.toHaveBeenCalled();
  // What people type elsewhere by then, and keys of the browser, are left alone.
  expect(press('e', screen.getByRole('textbox'))).toBe(true);
  expect(press('Tab')).toBe(true);
  expect(press('F5')).toBe(true);
  await arrive();
  expect(screen.getByRole('textbox', { name: 'Owner' })).toBeVisible();
  press('e');
  expect(resolve).toHaveBeenCalledOnce();
});

test('Escape gives it up', async () => {
  render(<Page />);
  press('a');
  expect(press('Escape')).toBe(false);
  press('e');
  expect(resolve).toHaveBeenCalledOnce();
  await arrive();
  expect(screen.queryByRole('textbox', { name: 'Owner' })).toBeNull();
});

test('a part that does not take the keyboard leaves the keys alone', () => {
  render(<Page takesKeys={false} />);
  press('a');
  press('e');
  press('s');
  press('1');
  expect(resolve).toHaveBeenCalledOnce();
  expect(setSeverity).toHaveBeenCalledOnce();
});
