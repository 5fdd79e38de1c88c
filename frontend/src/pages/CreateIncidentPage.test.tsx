import { fireEvent, screen, waitFor } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { beforeEach, describe, expect, test } from 'vitest';
import { facets, incident, problem } from '@/testing/incidents';
import { renderApp } from '@/testing/render-app';
import { server } from '@/testing/server';

let sent: unknown[];
let keysSent: (string | null)[];

beforeEach(() => {
  sent = [];
  keysSent = [];
  server.use(
    http.post('/api/incidents', async ({ request }) => {
      sent.push(await request.json());
      keysSent.push(request.headers.get('Idempotency-Key'));
      return HttpResponse.json(incident(), { status: 201 });
    }),
    http.get('/api/incidents/facets', () => HttpResponse.json(facets)),
    http.get('/api/incidents/:id', () => HttpResponse.json(incident())),
    http.get('/api/incidents/:id/events', () => HttpResponse.json({ items: [], nextCursor: null })),
    http.get('/api/services', ({ request }) => {
      const search = new URL(request.url).searchParams.get('search') ?? '';
      const items = [{ name: 'ledger', open: 3, total: 9 }].filter((one) =>
        one.name.includes(search),
      );
      return HttpResponse.json({ items });
    }),
  );
});

const field = (name: string) => screen.findByLabelText(new RegExp(`^${name}`));

async function fill(user: ReturnType<typeof renderApp>['user']) {
  await user.type(await field('Title'), 'Disk full');
  await user.click(screen.getByRole('radio', { name: /SEV1/ }));
  await user.type(screen.getByRole('combobox', { name: 'Service' }), 'led');
  await screen.findByRole('option', { name: /ledger/ });
  await user.keyboard('{ArrowDown}{Enter}');
}

describe('creating', () => {
  test('sends what was filled in and opens the incident', async () => {
    const { user, url } = renderApp('/incidents/new');
    await fill(user);
    await user.type(await field('Summary'), 'It is full.');
    await user.click(screen.getByRole('button', { name: 'Create incident' }));
    await waitFor(() => expect(url()).toBe('/incidents/INC-42'));
    expect(sent).toEqual([
      {
        title: 'Disk full',
        service: 'ledger',
        severity: 'SEV1',
        status: 'OPEN',
        owner: null,
        summary: 'It is full.',
      },
    ]);
    expect(localStorage.getItem('draft:new')).toBeNull();
  });

  test('two sends at once make one incident', async () => {
    const { user, url } = renderApp('/incidents/new');
    await fill(user);
    const form = (await field('Title')).closest('form');
    if (!form) throw new Error('no form');
    fireEvent.submit(form);
    fireEvent.submit(form);
    fireEvent.keyDown(form, { key: 'Enter', ctrlKey: true });
    await waitFor(() => expect(url()).toBe('/incidents/INC-42'));
    expect(sent).toHaveLength(1);
  });

  test('Mod+Enter sends from any field', async () => {
    const { user, url } = renderApp('/incidents/new');
    await fill(user);
    await user.click(await field('Summary'));
    await user.keyboard('{Control>}{Enter}{/Control}');
    await waitFor(() => expect(url()).toBe('/incidents/INC-42'));
  });
});

describe('mistakes', () => {
  test('all are told at their fields, and the first has the focus', async () => {
    const { user } = renderApp('/incidents/new');
    await field('Title');
    await user.click(screen.getByRole('button', { name: 'Create incident' }));
    expect(await field('Title')).toHaveFocus();
    expect(await field('Title')).toHaveAccessibleDescription('Say what is broken.');
    expect(screen.getByRole('combobox', { name: 'Service' })).toBeInvalid();
    expect(screen.getByRole('group', { name: 'Severity' })).toHaveAccessibleDescription(/how bad/);
    expect(sent).toEqual([]);
    await user.type(await field('Title'), 'x');
    expect(await field('Title')).toBeValid();
  });

  test('the server’s are told at their fields too', async () => {
    const { body, init } = problem(422, { errors: { service: ['Not in the catalogue.'] } });
    server.use(http.post('/api/incidents', () => HttpResponse.json(body, init)));
    const { user } = renderApp('/incidents/new');
    await fill(user);
    await user.click(screen.getByRole('button', { name: 'Create incident' }));
    const service = screen.getByRole('combobox', { name: 'Service' });
    await waitFor(() => expect(service).toHaveFocus());
    expect(service).toHaveAccessibleDescription('Not in the catalogue.');
  });

  test('a failed request keeps what was typed, and can be sent again', async () => {
    const { body, init } = problem(500);
    server.use(http.post('/api/incidents', () => HttpResponse.json(body, init), { once: true }));
    const { user, url } = renderApp('/incidents/new');
    await fill(user);
    await user.click(screen.getByRole('button', { name: 'Create incident' }));
    expect(await screen.findByRole('alert')).toHaveTextContent('Problem 500.');
    expect(screen.getByRole('alert')).toHaveTextContent('req-7');
    expect(await field('Title')).toHaveValue('Disk full');
    await user.click(screen.getByRole('button', { name: 'Create incident' }));
    await waitFor(() => expect(url()).toBe('/incidents/INC-42'));
  });
});

describe('a lost answer', () => {
  /** Takes what is sent, so often, and never answers. */
  function loseAnswers(times: number) {
    let left = times;
    server.use(
      http.post('/api/incidents', ({ request }) => {
        if (left === 0) return undefined;
        left -= 1;
        keysSent.push(request.headers.get('Idempotency-Key'));
        return HttpResponse.error();
      }),
    );
  }

  test('is asked for again, so that one incident is made', async () => {
    loseAnswers(1);
    const { user, url } = renderApp('/incidents/new');
    await fill(user);
    await user.click(screen.getByRole('button', { name: 'Create incident' }));
    await waitFor(() => expect(url()).toBe('/incidents/INC-42'));
    expect(keysSent).toHaveLength(2);
    expect(keysSent[0]).toMatch(/^\w{32}$/);
    expect(keysSent[1]).toBe(keysSent[0]);
  });

  test('can be asked for by hand, even after a reload: the same content has the same key', async () => {
    loseAnswers(3);
    const { user, unmount } = renderApp('/incidents/new');
    await fill(user);
    await user.click(screen.getByRole('button', { name: 'Create incident' }));
    await screen.findByRole('alert');
    unmount();
    const again = renderApp('/incidents/new');
    await again.user.type(await field('Title'), '!{Backspace}');
    await again.user.click(screen.getByRole('button', { name: 'Create incident' }));
    await waitFor(() => expect(again.url()).toBe('/incidents/INC-42'));
    expect(keysSent).toHaveLength(4);
    expect(new Set(keysSent).size).toBe(1);
    // Of the draft nothing is left.
    expect(Object.keys(localStorage)).toEqual(['recentIncidents']);
  });

  test('other content is another incident', async () => {
    loseAnswers(3);
    const { user, url } = renderApp('/incidents/new');
    await fill(user);
    await user.click(screen.getByRole('button', { name: 'Create incident' }));
    await screen.findByRole('alert');
    await user.type(await field('Title'), ' again');
    await user.click(screen.getByRole('button', { name: 'Create incident' }));
    await waitFor(() => expect(url()).toBe('/incidents/INC-42'));
    expect(new Set(keysSent).size).toBe(2);
  });
});

describe('the draft', () => {
  test('survives leaving the page, and can be thrown away', async () => {
    const { user, unmount } = renderApp('/incidents/new');
    await fill(user);
    unmount();
    const again = renderApp('/incidents/new');
    expect(await field('Title')).toHaveValue('Disk full');
    expect(screen.getByRole('radio', { name: /SEV1/ })).toBeChecked();
    await again.user.click(screen.getByRole('button', { name: 'Start over' }));
    expect(await field('Title')).toHaveValue('');
    expect(localStorage.getItem('draft:new')).toBeNull();
  });

  test('an unreadable one counts as none', async () => {
    localStorage.setItem('draft:new', '{"title":7,"severity":"SEV9"');
    renderApp('/incidents/new');
    expect(await field('Title')).toHaveValue('');
  });
});
