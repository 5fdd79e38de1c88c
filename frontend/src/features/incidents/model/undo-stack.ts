import type { IncidentPatch } from './incident';

/** One change, and how the incidents look without it. */
export interface Change {
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

/** A change of this tab that can be taken back. */
export interface Done extends Change {
  /** Counts the presses of this tab: what was pressed later has a greater one. */
  readonly press: number;
}

/** The changes of this tab that can be taken back, in the order of their presses. */
export type UndoStack = readonly Done[];

const KEPT = 50;

/** With it in its place, which is not the last one where it comes back. */
export function withDone(stack: UndoStack, done: Done): UndoStack {
  return [...withoutDone(stack, done), done]
    .toSorted((one, other) => one.press - other.press)
    .slice(-KEPT);
}

export function withoutDone(stack: UndoStack, done: Done): UndoStack {
  return stack.filter((one) => one !== done);
}
