import { toast } from 'sonner';

/** Copies the links to these paths, each on a line of its own, and tells of it; `what` begins the sentence. */
export async function copyLinks(paths: readonly string[], what: string): Promise<void> {
  const links = paths.map((path) => new URL(path, location.href).href).join('\n');
  if (await copyText(links)) toast(`${what} copied`);
  else toast.error('This browser does not let the page copy', { description: links });
}

/** False where the browser does not allow it. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Over plain HTTP there is no clipboard, and permission can be refused. The old way asks for neither.
    return copySelected(text);
  }
}

function copySelected(text: string): boolean {
  const focused = document.activeElement;
  const area = document.createElement('textarea');
  area.value = text;
  area.style.cssText = 'position: fixed; opacity: 0';
  document.body.append(area);
  area.focus({ preventScroll: true });
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  return done;
}
