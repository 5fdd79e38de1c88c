/** Lower case, without accents: "resume" finds "Résumé". */
function plain(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase();
}

/** Where the words of a title begin. */
function wordStarts(title: string): number[] {
  return [...title.matchAll(/[\p{L}\p{N}]+/gu)].map(({ index }) => index);
}

/** Whether the letters are beginnings of words, in order: "ssev" and "ss1" are "Set SEV1". */
function abbreviates(letters: string, title: string, from: number): boolean {
  if (letters === '') return true;
  return wordStarts(title).some((start) => {
    if (start < from) return false;
    let same = 0;
    while (same < letters.length && title[start + same] === letters[same]) same += 1;
    for (; same > 0; same -= 1) {
      if (abbreviates(letters.slice(same), title, start + same)) return true;
    }
    return false;
  });
}

function rankOfWord(word: string, title: string, also: string): number | null {
  if (title.startsWith(word)) return 0;
  const begins = (text: string) => wordStarts(text).some((start) => text.startsWith(word, start));
  if (begins(title)) return 1;
  if (begins(also)) return 2;
  if (title.includes(word)) return 3;
  return abbreviates(word, title, 0) ? 4 : null;
}

/**
 * How well a title, or the other words for it, answer to what is typed: 0 is best, null is not at all. Every word
 * that is typed has to be found; beginnings of words come before the middle of one, and before abbreviations.
 */
function rank(typed: string, title: string, also = ''): number | null {
  const words = plain(typed).split(/\s+/).filter(Boolean);
  const ranks = words.map((word) => rankOfWord(word, plain(title), plain(also)));
  if (ranks.includes(null)) return null;
  return ranks.reduce<number>((sum, one) => sum + (one ?? 0), 0);
}

/** Those that answer to what is typed, the best first, equals in the order in which they came; and how well the best does. */
export function ranked<T extends { title: string; also?: string | undefined }>(
  typed: string,
  all: readonly T[],
): { best: number; found: T[] } {
  const scored = all
    .map((one) => ({ one, score: rank(typed, one.title, one.also) ?? Infinity }))
    .filter(({ score }) => score < Infinity)
    .toSorted((a, b) => a.score - b.score);
  return { best: scored[0]?.score ?? Infinity, found: scored.map(({ one }) => one) };
}
