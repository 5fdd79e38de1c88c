import { fireEvent, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { expect, test } from 'vitest';
import { Combobox } from './Combobox';

function Field({ names }: { names: string[] }) {
  const [value, setValue] = useState('');
  const suggestions = names.map((name) => ({ value: name }));
  return <Combobox id="field" value={value} suggestions={suggestions} onChange={setValue} />;
}

const reached = () => screen.queryByRole('option', { selected: true })?.textContent;

test('Enter takes what the arrows have reached, wherever it is by then', async () => {
  const user = userEvent.setup();
  const { rerender } = render(<Field names={['Ana', 'Emil', 'Zoë']} />);
  await user.click(screen.getByRole('combobox'));
  await user.keyboard('{ArrowDown}{ArrowDown}');
  expect(reached()).toBe('Emil');
  rerender(<Field names={['Zoë', 'Ana', 'Emil']} />);
  expect(reached()).toBe('Emil');
  await user.keyboard('{Enter}');
  expect(screen.getByRole('combobox')).toHaveValue('Emil');
});

test('the Enter that ends a composition chooses nothing, in Safari either', async () => {
  const user = userEvent.setup();
  render(<Field names={['Ana', 'Emil']} />);
  await user.click(screen.getByRole('combobox'));
  await user.keyboard('{ArrowDown}');
  fireEvent.keyDown(screen.getByRole('combobox'), { key: 'Enter', keyCode: 229 });
  expect(screen.getByRole('combobox')).toHaveValue('');
  expect(reached()).toBe('Ana');
});

test('arrows go round, and typing begins anew', async () => {
  const user = userEvent.setup();
  render(<Field names={['Ana', 'Emil', 'Zoë']} />);
  await user.click(screen.getByRole('combobox'));
  await user.keyboard('{ArrowUp}');
  expect(reached()).toBe('Zoë');
  await user.keyboard('{ArrowDown}');
  expect(reached()).toBe('Ana');
  await user.keyboard('a');
  expect(reached()).toBeUndefined();
  await user.keyboard('{ArrowDown}{Escape}{ArrowDown}');
  expect(reached()).toBe('Ana');
});
