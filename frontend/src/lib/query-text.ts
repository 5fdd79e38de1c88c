/*
 * How names and words are written in the query language of the list (docs/api: `q`), so that they are read as they
 * are meant.
 */
function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

/** A value of `service:` or `owner:`; null is "unassigned". Somebody who is really called none, or me, is quoted. */
export function nameText(name: string | null): string {
  if (name === null) return 'none';
  return /^[^\s",]+$/.test(name) && !/^(none|me)$/i.test(name) ? name : quoted(name);
}

/** A word or a phrase that is looked for, quoted where it would be read as something else. */
export function wordText(word: string): string {
  return /^(?!["-]|[a-z]+:)\S+$/i.test(word) ? word : quoted(word);
}
