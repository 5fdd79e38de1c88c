/** Leaves nothing of what the page has in memory: it may be another person's. */
export function loadAnew(path?: string): void {
  if (path === undefined) window.location.reload();
  else window.location.assign(path);
}
