import { expect, test } from 'vitest';
import { HOUR, MINUTE } from '@/lib/time';
import { incident } from '@/testing/incidents';
import { slaOf } from './sla';

const one = incident({ severity: 'SEV1', startedAt: '2025-03-04T14:00:00Z' });
const start = Date.parse(one.startedAt);

test.each([
  [44, { kind: 'ok', leftMs: 16 * MINUTE }],
  [45, { kind: 'near', leftMs: 15 * MINUTE }],
  [60, { kind: 'near', leftMs: 0 }],
  [78, { kind: 'over', overMs: 18 * MINUTE }],
])('a SEV1 after %i minutes', (minutes, state) => {
  expect(slaOf(one, start + minutes * MINUTE)).toEqual(state);
});

test('the target depends on the severity', () => {
  expect(slaOf({ ...one, severity: 'SEV4' }, start + 54 * HOUR)?.kind).toBe('near');
  expect(slaOf({ ...one, severity: 'SEV3' }, start + 54 * HOUR)?.kind).toBe('over');
});

test('the clock stops with the mitigation', () => {
  expect(slaOf({ ...one, status: 'MITIGATED' }, start + 99 * HOUR)).toBeNull();
});
