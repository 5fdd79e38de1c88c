import type { QueryClient } from '@tanstack/react-query';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Incident, IncidentEvent, IncidentList } from '@/features/incidents/model/incident';
import { listenToNews, type News } from '@/features/incidents/model/news';
import type { Block } from '@/lib/event-stream';
import { createQueryClient } from '@/lib/query-client';
import { DEFAULT_STATE } from '@/lib/search-params';
import { event, incident, listPage } from '@/testing/incidents';
import { applyUpdates } from './live-updates';
import { eventsQuery, facetsQuery, keys, listQuery } from './queries';

let client: QueryClient;
let updates: ReturnType<typeof applyUpdates>;
let told: News[][];
let gaps: number;

beforeEach(() => {
  vi.useFakeTimers();
  client = createQueryClient();
  updates = applyUpdates(client);
  told = [];
  gaps = 0;
  const stopListening = listenToNews({
    onNews: (news) => told.push([...news]),
    onGap: () => {
      gaps += 1;
    },
  });
  onTestFinished(() => {
    stopListening();
    updates.stop();
    client.clear();
  });
});

afterEach(() => {
  vi.useRealTimers();
});

function block(about: Incident, given: IncidentEvent = event(about)): Block {
  return {
    id: `1-${given.id}`,
    event: given.type,
    data: JSON.stringify({ ...given, incident: about }),
  };
}

const listKey = listQuery(DEFAULT_STATE).queryKey;
const rowsOf = () => client.getQueryData<IncidentList>(listKey)?.items ?? [];

/** Counts how often each query is asked for anew, and answers at once. */
function watchRefreshes() {
  return vi.spyOn(client, 'invalidateQueries').mockResolvedValue();
}

describe('what is cached', () => {
  test('changes in place, in lists and on the incident’s own page', async () => {
    const [one, two] = [incident({ number: 1 }), incident({ number: 2 })];
    client.setQueryData(listKey, listPage([one, two], 1));
    client.setQueryData(keys.incident('INC-2'), two);
    const changed = incident({ number: 2, version: 2, severity: 'SEV1', status: 'RESOLVED' });
    updates.onEvents([block(changed), block(incident({ number: 3 }))]);
    await vi.advanceTimersByTimeAsync(100);
    expect(rowsOf()).toEqual([one, changed]);
    expect(rowsOf()[0]).toBe(one);
    expect(client.getQueryData(keys.incident('INC-2'))).toEqual(changed);
    // Nobody has asked for these.
    expect(client.getQueryData(keys.incident(changed.id))).toBeUndefined();
    expect(client.getQueryData(keys.incident('INC-3'))).toBeUndefined();
  });

  test('never goes back to an older version', async () => {
    client.setQueryData(listKey, listPage([incident({ version: 5, title: 'Newest' })], 1));
    updates.onEvents([block(incident({ version: 4, title: 'Older' }))]);
    await vi.advanceTimersByTimeAsync(100);
    expect(rowsOf()[0]?.title).toBe('Newest');
  });

  test('an answer that was asked for before an event does not undo it', async () => {
    let answer: (list: IncidentList) => void = () => {};
    client.setQueryData(listKey, listPage([incident()], 1));
    const asked = client.fetchQuery({
      ...listQuery(DEFAULT_STATE),
      staleTime: 0,
      queryFn: () =>
        new Promise<IncidentList>((resolve) => {
          answer = resolve;
        }),
    });
    updates.onEvents([block(incident({ version: 2, title: 'After' }))]);
    await vi.advanceTimersByTimeAsync(100);
    answer(listPage([incident({ version: 1, title: 'Before' })], 2));
    await asked;
    expect(rowsOf()[0]?.title).toBe('After');
  });

  test('a list with newer rows is no fresher for that', async () => {
    client.setQueryData(listKey, listPage([incident()], 1), { updatedAt: 1_000 });
    updates.onEvents([block(incident({ version: 2 }))]);
    await vi.advanceTimersByTimeAsync(100);
    expect(client.getQueryState(listKey)?.dataUpdatedAt).toBe(1_000);
  });

  test('a list with newer rows is asked for when it is opened next, however young it is', async () => {
    client.setQueryData(listKey, listPage([incident({ version: 1 })], 1));
    updates.onEvents([block(incident({ version: 2, status: 'RESOLVED' }))]);
    await vi.advanceTimersByTimeAsync(100);
    expect(rowsOf()[0]?.status).toBe('RESOLVED');
    expect(client.getQueryState(listKey)?.isInvalidated).toBe(true);
  });

  test('a history that is known gets what happens, each event once and in order', async () => {
    const about = incident();
    const [first, second, third] = [event(about, 'created'), event(about), event(about)];
    client.setQueryData(eventsQuery(about.id).queryKey, [first, second]);
    updates.onEvents([block(about, third), block(about, second)]);
    await vi.advanceTimersByTimeAsync(100);
    expect(client.getQueryData(eventsQuery(about.id).queryKey)).toEqual([first, second, third]);
  });

  test('of what this tab has done itself it says so', async () => {
    client.setQueryData(keys.incident(incident().id), incident({ version: 2 }));
    updates.onEvents([block(incident({ version: 2 })), block(incident({ version: 3 }))]);
    await vi.advanceTimersByTimeAsync(100);
    expect(told.flat().map(({ known }) => known)).toEqual([true, false]);
  });
});

test('what is stopped leaves nothing behind', () => {
  updates.onJoin();
  updates.onGap();
  updates.onEvents([block(incident())]);
  updates.stop();
  expect(vi.getTimerCount()).toBe(0);
});

describe('how often the server is asked', () => {
  test('a storm of 200 in a minute is a few drawings and refreshes a second, not 200', async () => {
    const refreshed = watchRefreshes();
    for (let number = 1; number <= 200; number += 1) {
      setTimeout(
        () => updates.onEvents([block(incident({ number }), event(incident()))]),
        number * 300,
      );
    }
    await vi.advanceTimersByTimeAsync(63_000);
    expect(told.flat()).toHaveLength(200);
    const lists = refreshed.mock.calls.filter(([filters]) => filters?.queryKey === keys.lists);
    expect(lists.length).toBeGreaterThanOrEqual(25);
    expect(lists.length).toBeLessThanOrEqual(31);
  });

  test('many at once are applied in slices', async () => {
    watchRefreshes();
    updates.onEvents(
      Array.from({ length: 1_000 }, (_, number) => block(incident({ number: number + 1 }))),
    );
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told.map((news) => news.length)).toEqual([200, 200, 200, 200, 200]);
  });

  test('a tab out of sight takes events and asks for nothing until it is seen', async () => {
    const refreshed = watchRefreshes();
    const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    updates.onEvents([block(incident())]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told.flat()).toHaveLength(1);
    expect(refreshed).not.toHaveBeenCalled();
    hidden.mockReturnValue(false);
    document.dispatchEvent(new Event('visibilitychange'));
    await vi.advanceTimersByTimeAsync(1);
    expect(refreshed).toHaveBeenCalledWith({ queryKey: keys.lists });
    expect(refreshed).toHaveBeenCalledWith({
      queryKey: facetsQuery(DEFAULT_STATE).queryKey.slice(0, 2),
    });
  });

  test('after a gap everything is asked for, and what is missing then is told to be unsure', async () => {
    const refreshed = watchRefreshes();
    updates.onGap();
    updates.onEvents([block(incident())]);
    await vi.advanceTimersByTimeAsync(2_100);
    expect(refreshed).toHaveBeenCalledWith({ queryKey: keys.all });
    expect(gaps).toBe(1);
  });

  test('an event that cannot be read is a gap', async () => {
    const refreshed = watchRefreshes();
    updates.onEvents([{ id: '1-1', event: 'updated', data: '{' }]);
    await vi.advanceTimersByTimeAsync(200);
    expect(refreshed).toHaveBeenCalledWith({ queryKey: keys.all });
  });

  test('what was read while the page opened is looked at again, later', async () => {
    const refreshed = watchRefreshes();
    updates.onJoin();
    await vi.advanceTimersByTimeAsync(9_000);
    expect(refreshed).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1_100);
    expect(refreshed).toHaveBeenCalledWith({ queryKey: keys.all });
  });
});
