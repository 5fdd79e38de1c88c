import { describe, expect, test } from 'vitest';
import { ranked } from './rank';

const COMMANDS = [
  { title: 'Go to the incident list', also: 'home' },
  { title: 'New incident', also: 'create' },
  { title: 'Set SEV1', also: 'severity priority' },
  { title: 'Set SEV2', also: 'severity priority' },
  { title: 'Assign to me', also: 'owner take' },
  { title: 'Resolve', also: 'close fix' },
  { title: 'Reopen' },
  { title: 'Unassigned' },
  { title: 'Résumé' },
];

const find = (typed: string) => ranked(typed, COMMANDS).found.map(({ title }) => title);

describe('ranking', () => {
  test('the beginning of the title, then of a word, then the other words, then the middle', () => {
    expect(find('re')).toEqual(['Resolve', 'Reopen', 'Résumé']);
    expect(find('assign')).toEqual(['Assign to me', 'Unassigned']);
    expect(find('close')).toEqual(['Resolve']);
    expect(find('inc')).toEqual(['Go to the incident list', 'New incident']);
  });

  test('every word has to be found, in any order', () => {
    expect(find('incident new')).toEqual(['New incident']);
    expect(find('new severity')).toEqual([]);
  });

  test('beginnings of words, in order, are an abbreviation', () => {
    expect(find('atm')).toEqual(['Assign to me']);
    expect(find('gtil')).toEqual(['Go to the incident list']);
    expect(find('ssev2')).toEqual(['Set SEV2']);
    // Letters from the middle of words are not: nearly everything would be found.
    expect(find('gnm')).toEqual([]);
  });

  test('case and accents do not matter, signs are no danger', () => {
    expect(find('RESUME')).toEqual(['Résumé']);
    expect(find('(.*')).toEqual([]);
    expect(find('  ')).toHaveLength(COMMANDS.length);
  });

  test('tells how well the best one does', () => {
    expect(ranked('resolve', COMMANDS).best).toBe(0);
    expect(ranked('close', COMMANDS).best).toBe(2);
    expect(ranked('zzz', COMMANDS).best).toBe(Infinity);
  });
});
