import { describe, expect, test } from 'vitest';
import { ApiError } from '@/api/problem';
import { incident } from '@/testing/incidents';
import {
  afterOpening,
  conflictsInWords,
  entriesOf,
  isRevertible,
  listOf,
  revertVerb,
  sentencesOf,
} from './history';
import type { IncidentEvent } from './incident';

const base = incident();

function event(
  changes: IncidentEvent['changes'],
  part: Partial<IncidentEvent> = {},
): IncidentEvent {
  return {
    id: 1,
    incidentId: base.id,
    changeId: base.id,
    type: 'updated',
    actor: 'Ana',
    at: '2025-03-04T14:12:00Z',
    changes,
    comment: null,
    changeSize: 1,
    revertsChangeId: null,
    ...part,
  };
}

test.each([
  [{ severity: ['SEV3', 'SEV1'] }, [{ verb: 'changed the severity', from: 'SEV3', to: 'SEV1' }]],
  [{ owner: [null, 'Ben'] }, [{ verb: 'assigned it to', to: 'Ben' }]],
  [{ owner: ['Ben', 'Ana'] }, [{ verb: 'took it on' }]],
  [{ owner: ['Ana', null] }, [{ verb: 'unassigned', from: 'Ana' }]],
  [{ status: ['RESOLVED', 'OPEN'] }, [{ verb: 'reopened it' }]],
  [{ status: ['OPEN', 'RESOLVED'] }, [{ verb: 'marked it', to: 'RESOLVED' }]],
  [{ summary: [null, 'long text'] }, [{ verb: 'wrote the summary' }]],
  [{ summary: ['a', 'b'] }, [{ verb: 'edited the summary' }]],
  [{ invented: ['a', 'b'] }, [{ verb: 'changed invented', from: 'a', to: 'b' }]],
])('%j', (changes, sentences) => {
  expect(sentencesOf(event(changes), base)).toEqual(sentences);
});

test('the times stamped by a transition are not told twice, corrected ones are', () => {
  const stamp = { resolvedAt: [null, '2025-03-04T14:12:00Z'] };
  expect(sentencesOf(event({ status: ['OPEN', 'RESOLVED'], ...stamp }), base)).toHaveLength(1);
  expect(sentencesOf(event(stamp), base)[0]?.verb).toBe('set the resolution time to');
});

test('creation is one sentence, whatever was set', () => {
  const created = event({ title: [null, 'x'], severity: [null, 'SEV1'] }, { type: 'created' });
  expect(sentencesOf(created, base)).toEqual([{ verb: 'opened INC-42' }]);
  expect(afterOpening(created, base)).toBeNull();
});

test('later events say how much later', () => {
  expect(afterOpening(event({}), base)).toBe('12m after it started');
});

test('a corrected time says by how much, even where it shows the same', () => {
  const hours = event({ startedAt: ['2025-03-04T14:00:00Z', '2025-03-04T13:45:00Z'] });
  expect(sentencesOf(hours, base)[0]).toMatchObject({
    verb: 'changed the start time',
    note: '15m earlier',
  });
  const [seconds] = sentencesOf(
    event({ resolvedAt: ['2025-03-04T14:00:10Z', '2025-03-04T14:00:30Z'] }),
    base,
  );
  expect(seconds?.note).toBe('20s later');
  expect(seconds?.from).not.toBe(seconds?.to);
});

test('fields are listed as people say them', () => {
  expect(listOf(['title', 'owner', 'startedAt'])).toBe('title, owner and start time');
});

describe('changes and their reverts', () => {
  const bo = event({ status: ['OPEN', 'RESOLVED'] }, { id: 2, changeId: 'b', actor: 'Bo' });
  const ana = event(
    { status: ['RESOLVED', 'OPEN'], resolvedAt: ['2025-03-04T14:12:00Z', null] },
    { id: 3, changeId: 'c', type: 'reverted', revertsChangeId: 'b' },
  );
  const again = event(
    { status: ['OPEN', 'RESOLVED'] },
    { id: 4, changeId: 'd', type: 'reverted', revertsChangeId: 'c' },
  );

  test('a revert says whose change it took back, and what that did', () => {
    expect(revertVerb(ana, bo)).toBe('undid Bo’s change');
    expect(revertVerb(again, ana)).toBe('undid their own undo');
    expect(revertVerb(ana, null)).toBe('undid an earlier change');
    expect(sentencesOf(ana, base)).toEqual([{ verb: 'status', from: 'RESOLVED', to: 'OPEN' }]);
  });

  test('each change is one entry, which knows what became of it', () => {
    const sameTime = event({ owner: [null, 'Bo'] }, { id: 5, changeId: 'd', actor: 'Bo' });
    const entries = entriesOf([bo, ana, again, sameTime]);
    expect(entries.map(({ changeId, events }) => [changeId, events.length])).toEqual([
      ['b', 1],
      ['c', 1],
      ['d', 2],
    ]);
    expect(entries.map(({ reverts }) => reverts?.id)).toEqual([undefined, 2, 3]);
    expect(entries.map(({ revertedBy }) => revertedBy?.id)).toEqual([3, 4, undefined]);
    expect(entries.map(isRevertible)).toEqual([false, false, true]);
  });

  test.each(['created', 'commented'] as const)('what was %s is not undone', (type) => {
    expect(entriesOf([event({}, { type })]).map(isRevertible)).toEqual([false]);
  });
});

test('why a change cannot be taken back is said in words', () => {
  const at = new Date(Date.now() - 300_000).toISOString();
  const others = [43, 44, 45, 46].map((number) => ({
    id: `other ${number}`,
    number,
    title: 'x',
    fields: ['status'],
    actor: 'Dan',
    at,
  }));
  const here = { id: base.id, number: 42, title: 'x', fields: ['severity', 'owner'], at };
  const conflicts = [{ ...here, actor: 'Cleo' }, { ...here, actor: null, at: null }, ...others];
  const error = new ApiError('4 of 5 incidents were changed since.', { status: 409, conflicts });
  expect(conflictsInWords(error, base)).toEqual([
    'Cleo has changed the severity and owner since (5m ago).',
    'The times would be out of order: severity and owner.',
    'INC-43: Dan has changed the status since (5m ago).',
    'And 3 more incidents.',
  ]);
  expect(conflictsInWords(new ApiError('No.', { status: 500 }), base)).toEqual(['No.']);
});
