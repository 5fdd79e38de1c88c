import { describe, expect, test } from 'vitest';
import { DEFAULT_STATE } from '@/lib/search-params';
import { incident, listPage, news } from '@/testing/incidents';
import { missingRows, openList, withAnswer, withIncidents, withNews } from './steady-list';

const OPENED = Date.parse('2025-03-04T15:00:00Z');
const LATER = '2025-03-04T15:10:00Z';
const ASKED = { q: DEFAULT_STATE.q, me: '' };
const one = incident({ number: 1 });
const two = incident({ number: 2 });
const three = incident({ number: 3 });

const opened = openList('here', ASKED, listPage([one, two, three], OPENED));
const numbers = (list: typeof opened) => list.items.map(({ number }) => number);
const fresh = (list: typeof opened) => [...list.fresh.values()].map(({ number }) => number);

describe('a list that is read again', () => {
  test('keeps its rows and their order, and takes over what is newer in them', () => {
    const changed = incident({ number: 3, version: 2, severity: 'SEV1', updatedAt: LATER });
    const again = withAnswer(opened, listPage([changed, one], OPENED + 60_000, { total: 2 }));
    expect(numbers(again)).toEqual([1, 2, 3]);
    expect(again.items[2]).toBe(changed);
    expect(again.items[0]).toBe(one);
    expect(again.answer.total).toBe(2);
    expect(fresh(again)).toEqual([]);
  });

  test('never goes back to an older version', () => {
    const newer = withIncidents(opened, [incident({ number: 1, version: 5, title: 'Newer' })]);
    const late = withAnswer(newer, listPage([incident({ number: 1, version: 4 })], OPENED));
    expect(late.items[0]?.title).toBe('Newer');
  });

  test('what was changed since is news; what only moved here from another page is not', () => {
    const reported = incident({ number: 9, updatedAt: LATER });
    const moved = incident({ number: 4, updatedAt: '2025-03-04T14:30:00Z' });
    const justBefore = incident({ number: 5, updatedAt: '2025-03-04T14:59:58Z' });
    const again = withAnswer(opened, listPage([one, reported, moved, justBefore], OPENED + 60_000));
    expect(fresh(again)).toEqual([9]);
  });

  test('what it does not have any more is known, unless that was known already', () => {
    const resolved = withIncidents(opened, [
      incident({ number: 2, version: 2, status: 'RESOLVED' }),
    ]);
    const again = withAnswer(resolved, listPage([one], OPENED + 60_000));
    expect(missingRows(again).map(({ number }) => number)).toEqual([3]);
  });
});

describe('a list that is told', () => {
  test('what is reported waits beside the rows, once, while it belongs here', () => {
    const reported = incident({ number: 9, createdAt: LATER });
    const told = withNews(opened, [news(reported, 'created'), news(reported, 'created')]);
    expect(numbers(told)).toEqual([1, 2, 3]);
    expect(fresh(told)).toEqual([9]);
    const worse = incident({ number: 9, version: 2, severity: 'SEV1' });
    expect([...withNews(told, [news(worse)]).fresh.values()]).toEqual([worse]);
    const resolved = incident({ number: 9, version: 2, status: 'RESOLVED' });
    expect(fresh(withNews(told, [news(resolved)]))).toEqual([]);
  });

  test('of what does not belong here, or was done here, nothing is made', () => {
    const told = withNews(opened, [
      news(incident({ number: 8, status: 'RESOLVED' }), 'created'),
      news(incident({ number: 9 }), 'created', { known: true }),
    ]);
    expect(told).toBe(opened);
  });

  test('what came to belong here is news; what did before is not', () => {
    const reopened = incident({ number: 8, version: 3 });
    const renamed = incident({ number: 9, version: 3 });
    const told = withNews(opened, [
      news(reopened, 'updated', { changes: { status: ['RESOLVED', 'OPEN'] } }),
      news(renamed, 'updated', { changes: { title: ['Before', 'After'] } }),
    ]);
    expect(fresh(told)).toEqual([8]);
  });

  test('what is told again after a pause, and was in the answer already, is no news', () => {
    const old = news(incident({ number: 9 }), 'created', { at: '2025-03-04T14:59:00Z' });
    expect(withNews(opened, [old])).toBe(opened);
    // A write is dated when it begins, so one that began just before may have come too late for the answer.
    const close = news(incident({ number: 9 }), 'created', { at: '2025-03-04T14:59:58Z' });
    expect(fresh(withNews(opened, [close]))).toEqual([9]);
  });

  test('a row that is changed twice in one batch is as it is last', () => {
    const newest = incident({ number: 1, version: 3, title: 'Third' });
    const told = withNews(opened, [news(newest), news(incident({ number: 1, version: 2 }))]);
    expect(told.items[0]).toBe(newest);
  });
});

test('without the server’s clock, what is younger than all of the answer is news', () => {
  const list = openList('here', ASKED, listPage([one, two], null));
  const again = withAnswer(list, listPage([incident({ number: 9, updatedAt: LATER })], null));
  expect(fresh(again)).toEqual([9]);
});
