import { expect, test } from 'vitest';
import { incident } from '@/testing/incidents';
import {
  alreadySo,
  inInfinitive,
  inPast,
  inverseOf,
  isSo,
  notDone,
  subjectOf,
  without,
} from './acts';
import { type Done, type UndoStack, withDone, withoutDone } from './undo-stack';

test.each([
  [
    { status: 'RESOLVED' },
    'Resolved INC-42',
    'INC-42 was not resolved',
    'INC-42 is resolved already',
  ],
  [{ status: 'OPEN' }, 'Reopened INC-42', 'INC-42 was not reopened', 'INC-42 is open already'],
  [
    { severity: 'SEV1' },
    'Set INC-42 to SEV1',
    'INC-42 was not set to SEV1',
    'INC-42 is SEV1 already',
  ],
  [
    { owner: 'Ana' },
    'Assigned INC-42 to Ana',
    'INC-42 was not assigned to Ana',
    'INC-42 is assigned to Ana already',
  ],
  [
    { owner: null },
    'Unassigned INC-42',
    'INC-42 was not unassigned',
    'INC-42 is unassigned already',
  ],
  [
    { service: 'db' },
    'Moved INC-42 to db',
    'INC-42 was not moved to db',
    'INC-42 is in db already',
  ],
  [
    { title: 'x', owner: null },
    'Changed the title and owner of INC-42',
    'Not changed the title and owner of INC-42',
    'INC-42 is so already',
  ],
  [{}, 'Changed INC-42', 'Not changed INC-42', 'INC-42 is so already'],
] as const)('%o in words', (patch, past, failed, already) => {
  expect([inPast(patch, 'INC-42'), notDone(patch, 'INC-42'), alreadySo(patch, 'INC-42')]).toEqual([
    past,
    failed,
    already,
  ]);
});

test('of many', () => {
  const subject = subjectOf(Array.from({ length: 1_200 }, (_, number) => ({ number })));
  expect(inInfinitive({ severity: 'SEV2' }, subject)).toBe('Set 1,200 incidents to SEV2');
  expect(notDone({ status: 'RESOLVED' }, subject)).toBe('1,200 incidents were not resolved');
  expect(alreadySo({ status: 'OPEN' }, subject)).toBe('1,200 incidents are open already');
});

test('a patch, what it changes, and what takes it back', () => {
  const one = incident({ owner: null, severity: 'SEV2' });
  expect(isSo(one, { owner: null, severity: 'SEV2' })).toBe(true);
  expect(isSo(one, { owner: null, severity: 'SEV1' })).toBe(false);
  expect(inverseOf(one, { owner: 'Ana', severity: 'SEV1' })).toEqual({
    owner: null,
    severity: 'SEV2',
  });
  expect(without({ owner: 'Ana', severity: 'SEV1' }, ['owner'])).toEqual({ severity: 'SEV1' });
  expect(without({ owner: 'Ana' }, ['owner'])).toBeNull();
});

test('the last fifty changes can be taken back, each once', () => {
  const all = Array.from({ length: 60 }, (_, count) => ({ count }) as Done);
  const stack = all.reduce<UndoStack>(withDone, []);
  expect(stack).toEqual(all.slice(10));
  expect(withoutDone(stack, all[59] as Done).at(-1)).toBe(all[58]);
});
