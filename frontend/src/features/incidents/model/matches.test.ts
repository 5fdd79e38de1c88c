import { describe, expect, test } from 'vitest';
import { DEFAULT_STATE, type ListState } from '@/lib/search-params';
import { incident } from '@/testing/incidents';
import { matches } from './matches';

const one = incident({
  number: 42,
  title: 'Checkout answers 502 (100%)',
  service: 'Checkout-Web',
  owner: 'Zoë Ångström',
  severity: 'SEV2',
  status: 'MITIGATED',
});
const unassigned = incident({ owner: null });

function listed(part: Partial<ListState>, subject = one): boolean {
  return matches(subject, { ...DEFAULT_STATE, status: [], ...part });
}

describe('an incident belongs to a list', () => {
  test('by severity and status, of which none means all', () => {
    expect(listed({})).toBe(true);
    expect(listed({ severity: ['SEV1', 'SEV2'] })).toBe(true);
    expect(listed({ severity: ['SEV1'] })).toBe(false);
    expect(listed({ status: ['OPEN', 'MITIGATED'] })).toBe(true);
    expect(listed({ status: ['OPEN'] })).toBe(false);
  });

  test('by the whole name of service and owner, letter case included', () => {
    expect(listed({ service: ['ledger', 'Checkout-Web'] })).toBe(true);
    expect(listed({ service: ['checkout-web'] })).toBe(false);
    expect(listed({ owner: ['Zoë Ångström'] })).toBe(true);
    expect(listed({ owner: ['Zoë'] })).toBe(false);
    expect(listed({ owner: [null] })).toBe(false);
    expect(listed({ owner: [null] }, unassigned)).toBe(true);
    expect(listed({ owner: ['Ana', null] }, unassigned)).toBe(true);
  });

  test.each([
    ['ANSWERS', true],
    ['web zoë 502', true],
    ['100%', true],
    ['%', true],
    ['_', false],
    ['ångström', true],
    ['checkout mobile', false],
    // Words are looked for in each field, never across two of them.
    ['(100%)checkout', false],
    ['inc-42', true],
    ['INC-42 checkout', true],
    ['inc-4', false],
    ['inc-042', false],
    ['42', false],
    ['  ', true],
  ])('by the words of the search, as the server has it: %j', (search, expected) => {
    expect(listed({ search })).toBe(expected);
  });

  test('nobody is no text', () => {
    expect(listed({ search: 'null' }, unassigned)).toBe(false);
  });
});
