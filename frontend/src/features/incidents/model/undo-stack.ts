import type { IncidentPatch } from './incident';

/** One change of this tab, and how the incidents look without it. */
export interface Done {
  readonly patch: IncidentPatch;
  /** "INC-42" */
  readonly subject: string;
  readonly count: number;
  /** What each incident is given, and what it had; shown while that is on its way. Empty where it is not known. */
  readonly set: ReadonlyMap<string, IncidentPatch>;
  readonly before: ReadonlyMap<string, IncidentPatch>;
  /** Resolves once it has arrived: to the id of the change, or to null where nothing was changed. */
  readonly change: Promise<string | null>;
}

/** The changes of this tab that can be taken back, the newest last. */
export type UndoStack = readonly Done[];

const KEPT = 50;

export function withDone(stack: UndoStack, done: Done): UndoStack {
  return [...stack, done].slice(-KEPT);
}

export function withoutDone(stack: UndoStack, done: Done): UndoStack {
  return stack.filter((one) => one !== done);
}
