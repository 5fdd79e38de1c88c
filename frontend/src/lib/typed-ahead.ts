/*
 * What was asked for and is typed into, but is not on the screen yet. What is typed meanwhile is meant for it, and no
 * key of it may be taken for a command.
 */
const awaited: { readonly giveUp: () => void }[] = [];

/** @returns what to call once it is there, or will not come. */
export function awaitPart(giveUp: () => void): () => void {
  const part = { giveUp };
  awaited.push(part);
  return () => {
    const at = awaited.indexOf(part);
    if (at >= 0) awaited.splice(at, 1);
  };
}

export function isPartAwaited(): boolean {
  return awaited.length > 0;
}

/** Nobody wants the newest any more. */
export function giveUpPart(): void {
  awaited.pop()?.giveUp();
}
