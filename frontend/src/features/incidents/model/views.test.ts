import { describe, expect, test } from 'vitest';
import { setDisplayName } from '@/lib/display-name';
import { homePath, setHomePath } from '@/lib/home';
import { DEFAULT_STATE, formatListState, parseListState, sharedSearch } from '@/lib/search-params';
import { hearSession, sessionNow } from '@/lib/session';
import { account } from '@/testing/accounts';
import { BUILT_IN, currentView, moved, stateOf, type View, viewPath } from './views';

function view(name: string, part: Partial<View> = {}): View {
  const [first] = BUILT_IN.items;
  return { ...(first as View), id: name, name, builtIn: false, ...part };
}

const payments = view('Payments', { q: 'status:open service:payments', sortBy: 'owner' });
const narrow = view('Narrow', { q: 'service:payments status:open sev:1', density: 'compact' });
const all = [...BUILT_IN.items, payments, narrow];

const currentAt = (search: string, opened: string | null = null) => {
  const { view: found, isExact } = currentView(parseListState(search), all, opened);
  return [found?.name ?? null, isExact];
};

describe('the view of a list', () => {
  test.each([
    ['', 'Open', true],
    ['?q=', 'All', false],
    ['?q=&sort_by=createdAt', 'All', true],
    ['?q=&sort_by=createdAt&page=3&per_page=100', 'All', true],
    ['?q=service:payments++STATUS:open&sort_by=owner', 'Payments', true],
    ['?q=status:open+service:payments&sort_by=owner&order=asc', 'Payments', false],
    ['?q=status:open+service:payments&sort_by=owner&density=compact', 'Payments', false],
    ['?q=status:open+service:payments+sev:1&density=compact', 'Narrow', true],
    ['?q=status:open+service:payments+sev:1', 'Narrow', false],
    ['?q=status:mitigated', 'All', false],
  ])('%s is %s', (search, name, isExact) => {
    expect(currentAt(search)).toEqual([name, isExact]);
  });

  test('of several that show the same it is the one that was opened', () => {
    const same = [...BUILT_IN.items, view('Twin', { q: 'status:mitigated,open' })];
    expect(currentView(DEFAULT_STATE, same).view?.name).toBe('Open');
    expect(currentView(DEFAULT_STATE, same, 'Twin').view?.name).toBe('Twin');
  });

  test('its URL leads to just what it shows', () => {
    for (const one of all) {
      expect(currentAt(viewPath(one).slice(1))).toEqual([one.name, true]);
    }
    expect(viewPath(narrow)).toBe('/?q=service:payments+status:open+sev:1&density=compact');
  });
});

test('where / leads elsewhere, every link to a list says which', () => {
  setHomePath(viewPath(payments));
  expect(homePath()).toBe('/?q=status:open+service:payments&sort_by=owner');
  expect(formatListState(DEFAULT_STATE)).toBe('?q=status:open,mitigated');
  expect(formatListState(stateOf(payments))).toBe('?q=status:open+service:payments&sort_by=owner');
  // Whoever gives a name, everybody shares the views; those of an account are its own.
  setDisplayName('Bo');
  expect(homePath()).toBe('/?q=status:open+service:payments&sort_by=owner');
  hearSession({ ...sessionNow().session, mode: 'required', account: account() });
  expect(homePath()).toBe('/');
  expect(formatListState(DEFAULT_STATE)).toBe('');
  expect(sharedSearch(DEFAULT_STATE)).toBe('?q=status:open,mitigated');
});

test('moving keeps the others in their order, and does not go beyond the ends', () => {
  expect(moved(['a', 'b', 'c'], 'a', 1)).toEqual(['b', 'a', 'c']);
  expect(moved(['a', 'b', 'c'], 'c', 0)).toEqual(['c', 'a', 'b']);
  expect(moved(['a', 'b', 'c'], 'a', 9)).toEqual(['b', 'c', 'a']);
  expect(moved(['a', 'b', 'c'], 'b', -4)).toEqual(['b', 'a', 'c']);
});
