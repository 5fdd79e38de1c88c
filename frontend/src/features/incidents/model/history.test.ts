import { expect, test } from 'vitest';
import { incident } from '@/testing/incidents';
import { afterOpening, sentencesOf } from './history';
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
