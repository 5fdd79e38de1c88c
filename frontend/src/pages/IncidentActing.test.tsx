import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { beforeEach, describe, expect, test } from 'vitest';
import { setDisplayName } from '@/lib/display-name';
import { facets, incident, page } from '@/testing/incidents';
import { type ModelServer, modelServer } from '@/testing/model-server';
import { renderApp } from '@/testing/render-app';
import { server } from '@/testing/server';

let model: ModelServer;
const all = ['Disk full', 'Checkout answers 500', 'Queue stuck'].map((title, index) =>
  incident({ number: 901 + index, title }),
);
const [first, second, third] = all.map(({ id }) => id) as [string, string, string];

beforeEach(() => {
  const { model: made, handlers } = modelServer(all);
  model = made;
  server.use(...handlers);
});

const row = (name: string) => screen.getByRole('link', { name }).closest('tr') as HTMLElement;
const link = (name: string) => screen.getByRole('link', { name });
const notes = () => within(screen.getByRole('region', { name: /Notifications/ }));

async function open(at = '/') {
  const view = renderApp(at);
  (await screen.findByRole('link', { name: 'Disk full' })).focus();
  return view;
}

describe('keys on rows', () => {
  test('change the row at once, move on to the next, and z takes back the newest', async () => {
    const { user } = await open();
    model.line = () => ({ fate: 'ok', ms: 100 });
    await user.keyboard('e');
    await waitFor(() =>
      expect(row('Disk full')).toHaveTextContent(/Resolved.*no longer in this list/),
    );
    expect(model.incidents.get(first)?.status).toBe('OPEN');
    expect(link('Checkout answers 500')).toHaveFocus();
    await user.keyboard('s1');
    await waitFor(() => expect(row('Checkout answers 500')).toHaveTextContent('SEV1'));
    await user.keyboard('m');
    expect(await notes().findByText('Mitigated INC-903')).toBeInTheDocument();
    expect(model.incidents.get(third)?.status).toBe('MITIGATED');
    // The last row keeps the focus.
    expect(link('Queue stuck')).toHaveFocus();
    await user.keyboard('zz');
    expect(await notes().findByText('Undone: set INC-902 to SEV1')).toBeInTheDocument();
    expect(row('Queue stuck')).toHaveTextContent('Open');
    expect(row('Checkout answers 500')).toHaveTextContent('SEV2');
    expect([...model.incidents.values()].map(({ status, severity }) => [status, severity])).toEqual(
      [
        ['RESOLVED', 'SEV2'],
        ['OPEN', 'SEV2'],
        ['OPEN', 'SEV2'],
      ],
    );
  });

  test('say where an incident is so already', async () => {
    const { user } = await open();
    await user.keyboard('r');
    expect(await notes().findByText('INC-901 is open already.')).toBeInTheDocument();
    expect(model.load.most).toBe(0);
  });

  test('never overwrite: the row is marked with the name, and review opens both sides', async () => {
    const { user, url } = await open();
    model.changeAs('Ana', first, { status: 'MITIGATED' });
    await user.keyboard('e');
    await waitFor(() => expect(row('Disk full')).toHaveTextContent('changed by Ana'));
    expect(row('Disk full')).toHaveTextContent('Mitigated');
    expect(notes().getByRole('alert')).toHaveTextContent(
      'INC-901 was not resolved: Ana has changed the status since.',
    );
    await user.click(within(row('Disk full')).getByRole('button', { name: 'review INC-901' }));
    expect(url()).toBe('/incidents/INC-901');
  });

  test('a failure is marked on its row, spoken at once, and retried from there', async () => {
    const { user } = await open();
    server.use(http.patch('/api/incidents/:id', () => HttpResponse.json({}, { status: 500 })));
    await user.keyboard('e');
    await waitFor(() => expect(row('Disk full')).toHaveTextContent('not saved'));
    expect(row('Disk full')).toHaveTextContent('Open');
    expect(await notes().findByRole('alert')).toHaveTextContent('INC-901 was not resolved.');
    server.use(...modelServer(all).handlers);
    await user.click(within(row('Disk full')).getByRole('button', { name: 'Retry INC-901' }));
    await waitFor(() => expect(row('Disk full')).toHaveTextContent('Resolved'));
    expect(row('Disk full')).not.toHaveTextContent('not saved');
    // The button is gone, and the focus is still in its row.
    expect(link('Disk full')).toHaveFocus();
    await waitFor(() => expect(notes().queryByRole('alert')).toBeNull());
  });

  test('act on what has the focus only', async () => {
    const { user } = await open();
    screen.getByRole('combobox', { name: 'Search incidents' }).focus();
    await user.keyboard('e');
    screen.getByRole('button', { name: 'Keyboard shortcuts' }).focus();
    await user.keyboard('em');
    expect(model.load.most).toBe(0);
  });

  test('an answer that is older than what was done does not show', async () => {
    const { user, client } = await open();
    await user.keyboard('e');
    await notes().findByText('Resolved INC-901');
    server.use(http.get('/api/incidents', () => HttpResponse.json(page(all))));
    await client.invalidateQueries();
    expect(row('Disk full')).toHaveTextContent('Resolved');
  });
});

describe('assigning', () => {
  const options = () =>
    within(screen.getByRole('listbox', { name: 'Owners' }))
      .getAllByRole('option')
      .map((one) => one.textContent);
  const box = () => screen.findByRole('combobox', { name: /^Assign/ });

  test('what has the letters in the middle of a word comes after the name as it is typed', async () => {
    const { user } = await open();
    await user.keyboard('a');
    await screen.findByRole('option', { name: /Doe, Jane/ });
    await user.type(await box(), 'Ane');
    expect(options()).toEqual(['Anenew name', 'Doe, Jane']);
    // In Safari, the Enter that ends a composition.
    fireEvent.keyDown(await box(), { key: 'Enter', keyCode: 229 });
    expect(await box()).toHaveValue('Ane');
    await user.keyboard('{Enter}');
    await waitFor(() => expect(model.incidents.get(first)?.owner).toBe('Ane'));
  });

  test('offers me first, filters as one types, and gives the focus back to the row', async () => {
    setDisplayName('Zoë');
    const { user } = await open();
    await user.keyboard('a');
    expect(await box()).toHaveFocus();
    await screen.findByRole('option', { name: /Doe, Jane/ });
    expect(options()).toEqual(['Zoëyou', 'Doe, Jane', 'Nobodynone']);
    await user.keyboard('jane');
    expect(options()).toEqual(['Doe, Jane', 'janenew name']);
    await user.keyboard('{Enter}');
    await waitFor(() => expect(model.incidents.get(first)?.owner).toBe('Doe, Jane'));
    expect(link('Disk full')).toHaveFocus();
    expect(await notes().findByText('Assigned INC-901 to Doe, Jane')).toBeInTheDocument();

    await user.keyboard('a');
    await user.type(await box(), 'nob');
    await user.keyboard('{ArrowDown}{ArrowUp}{Enter}');
    await waitFor(() => expect(model.incidents.get(first)?.owner).toBeNull());
    await user.keyboard('a');
    await box();
    await user.keyboard('{Escape}');
    expect(link('Disk full')).toHaveFocus();
  });

  test('names stay in their places while one chooses, whatever others do', async () => {
    let owners = ['Ana', 'Emil'];
    let asked = 0;
    server.use(
      http.get('/api/incidents/facets', () => {
        asked += 1;
        const owner = owners.map((value, index) => ({ value, count: 9 - index }));
        return HttpResponse.json({ ...facets, owner });
      }),
    );
    const { user, client } = await open();
    await user.keyboard('a');
    await screen.findByRole('option', { name: 'Emil' });
    await waitFor(() => expect(client.isFetching()).toBe(0));
    owners = ['Emil', 'Ana', 'Zoë'];
    const before = asked;
    await act(() => client.invalidateQueries());
    expect(asked).toBeGreaterThan(before);
    expect(options()).toEqual(['Ana', 'Emil', 'Nobodynone']);
    await user.keyboard('{ArrowDown}{Enter}');
    await waitFor(() => expect(model.incidents.get(first)?.owner).toBe('Emil'));

    // The next time they are as they are then.
    await user.keyboard('a');
    await waitFor(() => expect(options()).toEqual(['Emil', 'Ana', 'Zoë', 'Nobodynone']));
  });

  test('to me takes one key, and asks for my name where there is none', async () => {
    const { user } = await open();
    await user.keyboard('i');
    await user.type(await screen.findByRole('textbox', { name: 'Your name' }), 'Zoë{Enter}');
    await waitFor(() => expect(model.incidents.get(first)?.owner).toBe('Zoë'));
    expect(link('Disk full')).toHaveFocus();
    link('Checkout answers 500').focus();
    await user.keyboard('i');
    await waitFor(() => expect(model.incidents.get(second)?.owner).toBe('Zoë'));
  });
});

test('undo works on every page', async () => {
  const { user } = await open();
  await user.keyboard('e');
  await notes().findByText('Resolved INC-901');
  await user.keyboard('c');
  await screen.findByRole('heading', { name: 'New incident' });
  (document.activeElement as HTMLElement).blur();
  await user.keyboard('z');
  await waitFor(() => expect(model.incidents.get(first)?.status).toBe('OPEN'));
});

test('undo on an incident’s page takes back what was just pressed there, even before it has arrived', async () => {
  const { user } = await open();
  await user.keyboard('e');
  await notes().findByText('Resolved INC-901');
  await user.click(link('Checkout answers 500'));
  await waitFor(() => expect(screen.getByRole('article', { name: /^INC-902/ })).toHaveFocus());
  model.line = () => ({ fate: 'ok', ms: 100 });
  await user.keyboard('mz');
  await waitFor(() => expect(model.log.at(-1)).toMatchObject({ type: 'reverted' }));
  expect(model.incidents.get(first)?.status).toBe('RESOLVED');
  expect(model.incidents.get(second)?.status).toBe('OPEN');
  expect(model.log).toHaveLength(3);
});

test('a toast offers what was pressed last, and the key only as long as that takes back the same', async () => {
  const { user } = await open();
  const undo = (name: string) => notes().findByRole('button', { name });
  const key = async (name: string) => within(await undo(name)).queryByText('z');
  // The first answer comes last.
  const times = [200, 0, 200];
  model.line = () => ({ fate: 'ok', ms: times.shift() ?? 0 });
  await user.keyboard('ee');
  expect(await notes().findByText('Resolved INC-902')).toBeInTheDocument();
  expect(await key('Undo')).toBeInTheDocument();
  expect(await notes().findByText('Resolved 2 incidents')).toBeInTheDocument();
  expect(await key('Undo INC-902')).toBeInTheDocument();
  await user.keyboard('m');
  expect(await key('Undo INC-902')).toBeNull();
  expect(await notes().findByText('Mitigated INC-903')).toBeInTheDocument();
  expect(await key('Undo')).toBeInTheDocument();
});

test('what was pressed before, and has arrived later, does not take the place of the newest', async () => {
  const { user } = await open();
  const times = [200, 0];
  model.line = () => ({ fate: 'ok', ms: times.shift() ?? 0 });
  await user.keyboard('em');
  expect(await notes().findByText('Mitigated INC-902')).toBeInTheDocument();
  await waitFor(() => expect(model.load.now).toBe(0));
  await waitFor(() => expect(document.querySelector('.row-mark')).toBeNull());
  expect(notes().getByText('Mitigated INC-902')).toBeInTheDocument();
  await user.keyboard('z');
  await waitFor(() => expect(model.incidents.get(second)?.status).toBe('OPEN'));
  expect(model.incidents.get(first)?.status).toBe('RESOLVED');
});

test('toasts open out and wait under the focus as they do under the pointer', async () => {
  const { user } = await open();
  await user.keyboard('e');
  await notes().findByText('Resolved INC-901');
  const toast = notes().getByText('Resolved INC-901').closest('li') as HTMLElement;
  await user.keyboard('m');
  await notes().findByText('Mitigated INC-902');
  expect(notes().getAllByRole('listitem')).toHaveLength(1);
  within(toast).getByRole('button', { name: 'Undo' }).focus();
  await waitFor(() => expect(toast).toHaveAttribute('data-expanded', 'true'));
  link('Disk full').focus();
  await waitFor(() => expect(toast).toHaveAttribute('data-expanded', 'false'));
});
