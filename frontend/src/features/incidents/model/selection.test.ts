import { describe, expect, test } from 'vitest';
import { incident } from '@/testing/incidents';
import { NOTHING_CHOSEN, type Selection, type SelectionAction, select } from './selection';

const page = Array.from({ length: 12 }, (_, index) => incident({ number: index + 1 }));
const otherPage = Array.from({ length: 12 }, (_, index) => incident({ number: index + 101 }));
const idOf = (number: number) => incident({ number }).id;

/** The numbers of the chosen ones, in order. */
const numbers = ({ chosen }: Selection) =>
  [...chosen.values()].map(({ number }) => number).toSorted((a, b) => a - b);

function after(actions: readonly SelectionAction[], from = NOTHING_CHOSEN, rows = page): Selection {
  return actions.reduce((selection, action) => select(selection, action, rows), from);
}

const toggle = (number: number): SelectionAction => ({ type: 'toggle', id: idOf(number) });
const rangeTo = (number: number): SelectionAction => ({ type: 'range', to: idOf(number) });

/** Shift with an arrow, from row to row. */
function walk(from: number, ...stops: number[]): SelectionAction[] {
  const steps: SelectionAction[] = [];
  let at = from;
  for (const stop of stops) {
    while (at !== stop) {
      const next = at + Math.sign(stop - at);
      steps.push({ type: 'extend', from: idOf(at), to: idOf(next) });
      at = next;
    }
  }
  return steps;
}

/** The same sequence in every run. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * sides);
  };
}

describe('ranges', () => {
  test('grow from where they began, shrink on the way back, and turn over the anchor', () => {
    expect(numbers(after(walk(4, 6)))).toEqual([4, 5, 6]);
    expect(numbers(after(walk(4, 6, 5)))).toEqual([4, 5]);
    expect(numbers(after(walk(4, 6, 2)))).toEqual([2, 3, 4]);
  });

  test('leave alone what was chosen before, also while they shrink over it', () => {
    expect(numbers(after([toggle(1), toggle(6), toggle(4), ...walk(4, 8, 5)]))).toEqual([
      1, 4, 5, 6,
    ]);
  });

  test('begin anew where the focus has moved on without choosing', () => {
    expect(numbers(after([toggle(2), ...walk(7, 8)]))).toEqual([2, 7, 8]);
  });

  test('with a click go back to what was chosen last, however far, and the next one replaces them', () => {
    expect(numbers(after([toggle(3), rangeTo(6)]))).toEqual([3, 4, 5, 6]);
    expect(numbers(after([toggle(3), rangeTo(6), rangeTo(2)]))).toEqual([2, 3]);
    expect(numbers(after([rangeTo(5)]))).toEqual([5]);
  });

  test('whatever the way, only its ends count', () => {
    const roll = dice(7);
    for (let round = 0; round < 300; round += 1) {
      const before = after(Array.from({ length: roll(5) }, () => toggle(1 + roll(12))));
      const start = 1 + roll(12);
      const stops = Array.from({ length: 1 + roll(4) }, () => 1 + roll(12));
      const end = stops.at(-1) ?? start;
      // One step at least, so that there is a range.
      const away = start === 12 ? 11 : start + 1;
      const wandered = after(walk(start, away, ...stops), before);
      const straight = after([toggle(start), toggle(start), rangeTo(end)], before);
      expect(numbers(wandered)).toEqual(numbers(straight));
    }
  });
});

describe('whatever is done on a page', () => {
  const roll = dice(42);
  const any = (): SelectionAction => {
    const one = idOf(1 + roll(12));
    const other = idOf(1 + roll(12));
    const kinds: SelectionAction[] = [
      { type: 'toggle', id: one },
      { type: 'extend', from: one, to: other },
      { type: 'range', to: one },
      { type: 'page', chosen: roll(2) === 0 },
    ];
    return kinds[roll(kinds.length)] ?? { type: 'clear' };
  };

  test('what is chosen on another page stays so, and everything is known by its id', () => {
    for (let round = 0; round < 200; round += 1) {
      const kept = after(
        [
          { type: 'range', to: idOf(103) },
          { type: 'toggle', id: idOf(108) },
        ],
        NOTHING_CHOSEN,
        otherPage,
      );
      const all = after(Array.from({ length: roll(20) }, any), kept);
      expect(numbers(all).filter((number) => number > 100)).toEqual([103, 108]);
      for (const [id, { number }] of all.chosen) expect(id).toBe(idOf(number));
    }
  });

  test('to toggle twice changes nothing', () => {
    for (let round = 0; round < 200; round += 1) {
      const before = after(Array.from({ length: roll(8) }, any));
      const number = 1 + roll(12);
      expect(numbers(after([toggle(number), toggle(number)], before))).toEqual(numbers(before));
    }
  });

  test('news never changes which are chosen, nor goes back in time', () => {
    for (let round = 0; round < 200; round += 1) {
      const before = after(Array.from({ length: roll(8) }, any));
      const news = [1, 2, 3].map(() =>
        incident({ number: 1 + roll(15), version: 1 + roll(3), owner: 'Ana' }),
      );
      const now = select(before, { type: 'learn', incidents: news }, page);
      expect([...now.chosen.keys()]).toEqual([...before.chosen.keys()]);
      for (const [id, { version }] of now.chosen) {
        const told = news.filter((one) => one.id === id).map((one) => one.version);
        expect(version).toBe(Math.max(before.chosen.get(id)?.version ?? 0, ...told));
      }
    }
  });
});

describe('all that match', () => {
  const all = after([{ type: 'page', chosen: true }, { type: 'all' }]);

  test('are given up for the rows in sight once one of them is chosen by itself', () => {
    expect(all.all).toBe(true);
    const one = select(all, { type: 'toggle', id: idOf(103) }, otherPage);
    expect(one.all).toBe(false);
    expect(numbers(one)).toEqual(otherPage.map(({ number }) => number).filter((n) => n !== 103));
  });

  test('are given up altogether', () => {
    expect(numbers(after([{ type: 'page', chosen: false }], all))).toEqual([]);
    expect(after([{ type: 'clear' }], all)).toBe(NOTHING_CHOSEN);
  });
});
