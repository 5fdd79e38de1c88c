import { act, screen, waitFor } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { incident } from '@/testing/incidents';
import { modelServer } from '@/testing/model-server';
import { renderApp } from '@/testing/render-app';
import { server } from '@/testing/server';

/** Acting is on its way until this is called. */
const line = vi.hoisted(() => {
  let letGo = () => {};
  const arrived = new Promise<void>((done) => {
    letGo = done;
  });
  return { arrived, letGo };
});

vi.mock('@/features/incidents/api/acting', async (original) => {
  await line.arrived;
  return original();
});

test('a name that is typed before one can be asked for changes nothing', async () => {
  const disk = incident({ number: 901, title: 'Disk full' });
  const { model, handlers } = modelServer([disk]);
  server.use(...handlers);
  const { user } = renderApp('/');
  (await screen.findByRole('link', { name: 'Disk full' })).focus();
  await user.keyboard('aemil');
  // Given up, and asked for again.
  await user.keyboard('{Escape}a');
  act(() => line.letGo());
  const box = await screen.findByRole('combobox', { name: /^Assign/ });
  await waitFor(() => expect(box).toHaveFocus());
  expect(screen.getAllByRole('combobox', { name: /^Assign/ })).toHaveLength(1);
  await user.keyboard('Emil{Enter}');
  await waitFor(() => expect(model.incidents.get(disk.id)?.owner).toBe('Emil'));
  expect(model.incidents.get(disk.id)).toMatchObject({ status: 'OPEN', version: 2 });
});
