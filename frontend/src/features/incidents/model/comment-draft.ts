import { ofPerson } from '@/lib/session';
import { readStored, writeStored } from '@/lib/storage';

/** Where the comment that is being written is kept. */
export function draftNameOf(incidentId: string): string {
  return ofPerson('draft:comment:') + incidentId;
}

/** Puts text into the comment box of an incident, below what is there. */
export function addToCommentDraft(incidentId: string, text: string): void {
  const name = draftNameOf(incidentId);
  const before = readStored(name);
  // Whoever says twice that this is it has still written it once.
  if (before?.includes(text)) return;
  writeStored(name, before ? `${before}\n\n${text}` : text);
}
