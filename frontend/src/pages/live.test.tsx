import { act, screen, waitFor, within } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { followIncidents } from '@/features/incidents/api/live-updates';
import type { Incident, IncidentEvent } from '@/features/incidents/model/incident';
import { setLiveState } from '@/lib/live-state';
import { frame } from '@/testing/fake-stream';
import { event, facets, incident, page } from '@/testing/incidents';
import { renderApp } from '@/testing/render-app';
import { server } from '@/testing/server';

const NOW = '2026-01-01T10:00:00Z';
const LATER = '2026-01-01T10:05:00Z';

let rows: Incident[];
let total: number;
let asked: number;
let stream: ReadableStreamDefaultController<Uint8Array>;

beforeEach(() => {
  rows = [
    incident({ number: 1, title: 'First' }),
    incident({ number: 2, title: 'Second' }),
    incident({ number: 3, title: 'Third' }),
  ];
  total = rows.length;
  asked = 0;
  onTestFinished(() => setLiveState('connecting'));
  server.use(
    http.get('/api/incidents', () => {
      asked += 1;
      return HttpResponse.json(page(rows, { total }), {
        headers: { Date: new Date(NOW).toUTCString() },
      });
    }),
    http.get('/api/incidents/facets', () => HttpResponse.json(facets)),
    http.get('/api/events/stream', () => {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          stream = controller;
          tell('id: 1-0\n\n');
        },
      });
      return new HttpResponse(body, { headers: { 'Content-Type': 'text/event-stream' } });
    }),
  );
});

function tell(text: string) {
  stream.enqueue(new TextEncoder().encode(text));
}

/** Somebody did this, and the incident is like this now. */
function happens(
  about: Incident,
  part: Partial<IncidentEvent> = {},
  type: IncidentEvent['type'] = 'updated',
) {
  const one = event(about, type, { at: LATER, ...part });
  tell(frame(`2-${one.id}`, { ...one, incident: about }, type));
}

/** The list, live. */
async function openLive(at = '/') {
  const app = renderApp(at);
  await screen.findByRole('link', { name: 'First' });
  onTestFinished(followIncidents(app.client));
  await waitFor(() =>
    expect(document.querySelector('.live')).toHaveAttribute('data-state', 'live'),
  );
  return app;
}

const titles = () =>
  within(screen.getByRole('table'))
    .getAllByRole('row')
    .slice(1)
    .map((row) => row.querySelector('a')?.textContent);

const rowOf = (title: string) => screen.getByRole('link', { name: title }).closest('tr');

describe('a list that is followed', () => {
  test('changes in place; a row that left it stays, and says so', async () => {
    await openLive();
    screen.getByRole('link', { name: 'Second' }).focus();
    const before = rowOf('Second');
    happens(incident({ number: 2, title: 'Second', version: 2, owner: 'Cleo', updatedAt: LATER }));
    await waitFor(() => expect(rowOf('Second')).toHaveTextContent('Cleo'));
    expect(rowOf('Second')).toBe(before);
    expect(rowOf('Second')).toHaveAttribute('data-tint');
    expect(rowOf('First')).not.toHaveAttribute('data-tint');

    rows = [rows[2] as Incident, rows[0] as Incident];
    total = 60;
    happens(incident({ number: 2, title: 'Second', version: 3, status: 'RESOLVED' }));
    await waitFor(() =>
      expect(rowOf('Second')).toHaveTextContent(/Resolved.*no longer in this list/),
    );
    // Its total comes from the server; its rows do not.
    await waitFor(() => expect(screen.getAllByText('1–3 of 60').length).toBeGreaterThan(0));
    expect(titles()).toEqual(['First', 'Second', 'Third']);
    expect(screen.getByRole('link', { name: 'Second' })).toHaveFocus();
  });

  test('what is new waits, is told and is in the title, until it is asked for', async () => {
    const { user } = await openLive();
    const fresh = incident({ number: 9, title: 'Fresh', severity: 'SEV1', updatedAt: LATER });
    happens(fresh, {}, 'created');
    happens(incident({ number: 8, title: 'Also fresh', updatedAt: LATER }), {}, 'created');
    const pill = await screen.findByRole('button', { name: /2 new · 1 SEV1/ });
    expect(document.title).toBe('(1 SEV1) Incidents · Incident Tracker');
    await waitFor(() =>
      expect(document.querySelector('[aria-live=assertive]')).toHaveTextContent(
        'New SEV1: INC-9 Fresh',
      ),
    );
    await waitFor(() =>
      expect(document.querySelector('[aria-live=polite]')).toHaveTextContent('2 new.'),
    );
    expect(titles()).toEqual(['First', 'Second', 'Third']);

    rows = [fresh, ...rows];
    screen.getByRole('link', { name: 'Second' }).focus();
    await user.keyboard('.');
    await waitFor(() => expect(titles()).toEqual(['Fresh', 'First', 'Second', 'Third']));
    expect(screen.getByRole('link', { name: 'Second' })).toHaveFocus();
    expect(pill).not.toBeInTheDocument();
    expect(document.title).toBe('Incidents · Incident Tracker');
  });

  test('the pill gives the focus to the first of what it brought', async () => {
    const { user } = await openLive();
    const fresh = incident({ number: 9, title: 'Fresh', updatedAt: LATER });
    happens(fresh, {}, 'created');
    await screen.findByRole('button', { name: /1 new/ });
    rows = [...rows, fresh];
    await user.click(screen.getByRole('button', { name: /1 new/ }));
    await waitFor(() => expect(screen.getByRole('link', { name: 'Fresh' })).toHaveFocus());
  });

  test('what it could not load is not taken to be loaded', async () => {
    const { user } = await openLive();
    happens(incident({ number: 9, title: 'Fresh' }), {}, 'created');
    const pill = await screen.findByRole('button', { name: /1 new/ });
    server.use(http.get('/api/incidents', () => new HttpResponse(null, { status: 422 })));
    await user.click(pill);
    expect(await screen.findByText(/This may be out of date/)).toBeInTheDocument();
    expect(pill).toHaveFocus();
    expect(titles()).toEqual(['First', 'Second', 'Third']);
  });

  test('what does not belong to it raises nothing', async () => {
    await openLive('/?q=first');
    happens(incident({ number: 9, title: 'Elsewhere', severity: 'SEV1' }), {}, 'created');
    happens(incident({ number: 1, title: 'First', version: 2, owner: 'Cleo' }));
    await waitFor(() => expect(rowOf('First')).toHaveTextContent('Cleo'));
    expect(screen.queryByRole('button', { name: /new ·/ })).toBeNull();
    expect(document.title).toBe('Incidents · Incident Tracker');
  });

  test('another view loads, and begins without news', async () => {
    const { user } = await openLive();
    happens(incident({ number: 9, title: 'Fresh' }), {}, 'created');
    await screen.findByRole('button', { name: /1 new/ });
    rows = [incident({ number: 9, title: 'Fresh' })];
    await user.click(screen.getByRole('link', { name: 'All' }));
    await waitFor(() => expect(titles()).toEqual(['Fresh']));
    expect(screen.queryByRole('button', { name: /1 new/ })).toBeNull();
  });
});

describe('a list that is read again behind the person’s back', () => {
  async function comeBack() {
    // Older than what the query client takes to be fresh.
    vi.setSystemTime(Date.now() + 5_000);
    const before = asked;
    await act(async () => {
      window.dispatchEvent(new Event('visibilitychange'));
    });
    await waitFor(() => expect(asked).toBe(before + 1));
  }

  test('keeps its rows where they are, and offers what is new', async () => {
    renderApp('/');
    await screen.findByRole('link', { name: 'First' });
    rows = [
      incident({ number: 9, title: 'Fresh', severity: 'SEV1', updatedAt: LATER }),
      incident({ number: 3, title: 'Third, renamed', version: 2, updatedAt: LATER }),
      incident({ number: 1, title: 'First' }),
    ];
    await comeBack();
    await waitFor(() => expect(titles()).toEqual(['First', 'Second', 'Third, renamed']));
    expect(screen.getByRole('button', { name: /1 new · 1 SEV1/ })).toBeInTheDocument();
  });

  test('after a gap, a row that is missing is asked for by itself', async () => {
    const { client } = renderApp('/');
    await screen.findByRole('link', { name: 'First' });
    server.use(
      http.get(`/api/incidents/${incident({ number: 2 }).id}`, () =>
        HttpResponse.json(incident({ number: 2, title: 'Second', version: 2, status: 'RESOLVED' })),
      ),
      http.get('/api/events/stream', () => HttpResponse.json({}, { status: 503 })),
    );
    rows = [rows[0] as Incident, rows[2] as Incident];
    onTestFinished(followIncidents(client));
    // Polling comes after some tries; it is what asks.
    await waitFor(
      () => expect(rowOf('Second')).toHaveTextContent(/Resolved.*no longer in this list/),
      { timeout: 15_000 },
    );
    expect(document.querySelector('.live')).toHaveTextContent('Polling');
    expect(titles()).toEqual(['First', 'Second', 'Third']);
  });
});

describe('an incident that is followed', () => {
  test('is as it is now, history included, and what is being typed stays', async () => {
    const shown = incident({ number: 7, title: 'Before', summary: 'Old.' });
    const created = event(shown, 'created', { at: NOW, actor: 'Ana' });
    server.use(
      http.get('/api/incidents/INC-7', () => HttpResponse.json(shown)),
      http.get('/api/incidents/:id/events', () =>
        HttpResponse.json({ items: [created], nextCursor: null }),
      ),
    );
    const { user, client } = renderApp('/incidents/INC-7');
    await screen.findByRole('heading', { level: 1, name: 'Before' });
    onTestFinished(followIncidents(client));
    await waitFor(() =>
      expect(document.querySelector('.live')).toHaveAttribute('data-state', 'live'),
    );
    await user.click(screen.getByRole('button', { name: 'Edit summary' }));
    const editor = await screen.findByRole('textbox', { name: 'Summary' });
    await user.clear(editor);
    await user.type(editor, 'Mine.');

    happens(
      { ...shown, title: 'After', summary: 'Theirs.', version: 2 },
      { changes: { title: ['Before', 'After'] } },
    );
    await screen.findByRole('heading', { level: 1, name: 'After' });
    expect(await screen.findByText('Cleo', { selector: 'li strong' })).toBeInTheDocument();
    expect(editor).toHaveValue('Mine.');
    expect(editor).toHaveFocus();
  });
});
