/*
 * Lists of names in one parameter, as the API reads them: comma-separated, an item that holds a comma or a
 * double quote is quoted, a quote inside is doubled. A bare `none` stands for "no value" (null here); somebody
 * who is really called none is quoted.
 */
const NONE = 'none';

export type Name = string | null;

/** Tolerant: what cannot be read is left out, a quote that never closes ends with the text. */
export function decodeNames(text: string): Name[] {
  const names: Name[] = [];
  for (const match of text.matchAll(/\s*(?:"((?:[^"]|"")*)(?:"|$)|([^,]*))\s*(?:,|$)/g)) {
    const [, quoted, bare] = match;
    if (quoted !== undefined) {
      if (quoted !== '') names.push(quoted.replaceAll('""', '"'));
    } else {
      const name = bare?.trim() ?? '';
      if (name !== '') names.push(name.toLowerCase() === NONE ? null : name);
    }
  }
  return [...new Set(names)];
}
