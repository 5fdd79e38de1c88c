import { fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { useRowMenu } from '@/features/commands/api/useRowMenu';
import { facets, incident, page } from '@/testing/incidents';
import { renderApp } from '@/testing/render-app';
import { server } from '@/testing/server';

const acted = vi.fn<(id: unknown, patch: unknown) => void>();
const disk = incident({ number: 7, title: 'Disk full' });

beforeEach(() => {
  acted.mockClear();
  server.use(
    http.get('/api/incidents', () => HttpResponse.json(page([incident(), disk]))),
    http.get('/api/incidents/facets', () => HttpResponse.json(facets)),
    http.patch('/api/incidents/:id', async ({ params, request }) => {
      const patch = (await request.json()) as object;
      acted(params['id'], patch);
      return HttpResponse.json({ ...disk, ...patch, version: 2 });
    }),
  );
});

async function openList() {
  const app = renderApp('/');
  const row = await screen.findByRole('link', { name: 'Disk full' });
  const menu = () => screen.findByRole('menu', { name: 'INC-7' });
  return { ...app, row, menu };
}

describe('opening', () => {
  test('right click: the commands that there are, with their keys, and real links', async () => {
    const { row, menu } = await openList();
    expect(fireEvent.contextMenu(row)).toBe(false);
    const items = within(await menu()).getAllByRole('menuitem');
    expect(items.map(({ textContent }) => textContent)).toEqual([
      'Open↵',
      'Open in a new tab',
      'PeekSpace',
      'Selectx',
      'Copy the link',
      'Resolvee',
      'Mitigatem',
      'Reopenr',
      'Set SEV1s1',
      'Set SEV2s2',
      'Set SEV3s3',
      'Set SEV4s4',
      'Assigna',
      'Assign to mei',
    ]);
    expect(items[0]).toHaveFocus();
    expect(items[1]).toHaveAttribute('href', expect.stringMatching(/\/incidents\/INC-7$/));
    expect(items[1]).toHaveAttribute('target', '_blank');
    expect(row.closest('tr')).toHaveAttribute('data-menu');
  });

  test.each(['{Shift>}{F10}{/Shift}', '{ContextMenu}'])('the key %s', async (key) => {
    const { user, row, menu } = await openList();
    row.focus();
    await user.keyboard(key);
    // The browser's own, which Windows asks for as the key is let go, stays away.
    expect(fireEvent.contextMenu(await menu())).toBe(false);
    expect(await menu()).toBeInTheDocument();
  });

  test('the button of the row', async () => {
    const { user, menu } = await openList();
    await user.click(screen.getByRole('button', { name: 'Menu of INC-7' }));
    expect(await menu()).toBeInTheDocument();
  });

  test('the browser keeps its own with Shift, on marked text, and outside of the rows', async () => {
    const { row } = await openList();
    expect(fireEvent.contextMenu(row, { shiftKey: true })).toBe(true);
    expect(fireEvent.contextMenu(screen.getByRole('combobox', { name: 'Search incidents' }))).toBe(
      true,
    );
    getSelection()?.selectAllChildren(row);
    expect(fireEvent.contextMenu(row)).toBe(true);
    getSelection()?.removeAllRanges();
    expect(screen.queryByRole('menu')).toBeNull();
  });
});

describe('in the menu', () => {
  test('arrows go round, Home and End to the ends, letters to what starts with them', async () => {
    const { user, row, menu } = await openList();
    fireEvent.contextMenu(row);
    const items = within(await menu()).getAllByRole('menuitem');
    await user.keyboard('{ArrowUp}');
    expect(items.at(-1)).toHaveFocus();
    await user.keyboard('{ArrowDown}{ArrowDown}');
    expect(items[1]).toHaveFocus();
    const names = () => document.activeElement?.textContent;
    await user.keyboard('{End}{Home}s');
    expect(names()).toBe('Selectx');
    await user.keyboard('s');
    expect(names()).toBe('Set SEV1s1');
    await user.keyboard('m');
    expect(names()).toBe('Mitigatem');
    expect(acted).not.toHaveBeenCalled();
  });

  test('a command acts on its row', async () => {
    const { user, row, menu } = await openList();
    fireEvent.contextMenu(row);
    await menu();
    await user.keyboard('r{Enter}');
    await waitFor(() => expect(acted).toHaveBeenCalled());
    expect(acted).toHaveBeenCalledExactlyOnceWith(disk.id, { status: 'RESOLVED' });
    expect(screen.queryByRole('menu')).toBeNull();
    expect(row).toHaveFocus();
    expect(row.closest('tr')).not.toHaveAttribute('data-menu');
  });

  test.each(['{Escape}', '{Control>}k{/Control}{Escape}'])(
    '%s gives the focus back',
    async (key) => {
      const { user, row, menu } = await openList();
      fireEvent.contextMenu(row);
      await menu();
      await user.keyboard(key);
      expect(screen.queryByRole('menu')).toBeNull();
      const close = screen.queryByRole('button', { name: 'Close' });
      if (close) await user.click(close);
      expect(row).toHaveFocus();
    },
  );

  test('a click beside it only closes it', async () => {
    const { user, row, menu, url } = await openList();
    fireEvent.contextMenu(row);
    const layer = (await menu()).parentElement;
    if (layer) await user.click(layer);
    expect(screen.queryByRole('menu')).toBeNull();
    expect(row).toHaveFocus();
    expect(url()).toBe('/');
  });

  test('copies the link, the old way too, and says so where neither works', async () => {
    const { user, row, menu } = await openList();
    const copy = async () => {
      fireEvent.contextMenu(row);
      await user.click(within(await menu()).getByRole('menuitem', { name: 'Copy the link' }));
    };
    await copy();
    expect(await screen.findByText('The link to INC-7 copied')).toBeInTheDocument();
    expect(await navigator.clipboard.readText()).toBe('http://localhost:3000/incidents/INC-7');

    vi.spyOn(navigator.clipboard, 'writeText').mockRejectedValue(new Error('not allowed'));
    let selected = '';
    const old = vi.spyOn(document, 'execCommand').mockImplementation(() => {
      selected = (document.activeElement as HTMLTextAreaElement).value;
      return true;
    });
    await copy();
    await waitFor(() => expect(old).toHaveBeenCalledWith('copy'));
    expect(selected).toBe('http://localhost:3000/incidents/INC-7');
    expect(row).toHaveFocus();

    old.mockReturnValue(false);
    await copy();
    expect(await screen.findByText(/does not let the page copy/)).toBeInTheDocument();
  });
});

describe('with a selection', () => {
  const first = incident();
  const second = incident({ number: 7, title: 'Disk full' });
  const clear = vi.fn<() => void>();

  function Selected() {
    useRowMenu([first, second], { chosen: new Map([[second.id, second]]), all: false, clear });
    return null;
  }

  test('a selected row stands for all of it, another one for itself', async () => {
    const { row, user } = await openList();
    render(<Selected />);
    clear.mockClear();
    fireEvent.contextMenu(row);
    expect(await screen.findByRole('menu', { name: '1 selected incident' })).toBeInTheDocument();
    expect(clear).not.toHaveBeenCalled();
    await user.keyboard('{Escape}');
    fireEvent.contextMenu(screen.getByRole('link', { name: 'Checkout answers 500' }));
    expect(await screen.findByRole('menu', { name: 'INC-42' })).toBeInTheDocument();
    expect(clear).toHaveBeenCalledOnce();
  });
});
