import { useQueryClient } from '@tanstack/react-query';
import type { Incident } from '@/features/incidents/model/incident';
import { actingOf } from './acting';

/** Takes a change back. Resolves to why it could not be, in sentences; to nothing when it was. */
export type Undo = (changeId: string) => Promise<string[]>;

/** Taking back changes of an incident's history, by the server's own revert: it counts even if this page is closed at once. */
export function useUndo(incident: Incident): Undo {
  const acting = actingOf(useQueryClient());
  return (changeId) => acting.takeBackOf(incident, changeId);
}
