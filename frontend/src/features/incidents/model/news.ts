import type { Incident, IncidentEvent } from './incident';

/** An event as it comes live, with the incident as it is now. */
export interface News {
  readonly event: IncidentEvent;
  readonly incident: Incident;
  /** This tab knew it already: it is the one that made the change, or has read since. */
  readonly known: boolean;
}

interface Listener {
  onNews: (news: readonly News[]) => void;
  /** What happened meanwhile was not told: what is read next has to be compared. */
  onGap: () => void;
}

const listeners = new Set<Listener>();

/** Hears of everything that comes live, in batches; returns how to stop. */
export function listenToNews(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function tellNews(news: readonly News[]): void {
  for (const { onNews } of listeners) onNews(news);
}

export function tellGap(): void {
  for (const { onGap } of listeners) onGap();
}
