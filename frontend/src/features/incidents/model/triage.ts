import type { ListState } from '@/lib/search-params';
import type { Field } from './conflict';
import type { Incident, IncidentPatch } from './incident';

/** What is changed from the list, on one incident or on many. */
export type TriagePatch = Pick<IncidentPatch, 'status' | 'severity' | 'owner' | 'service'>;

/** What a change is about. */
export type Target =
  | { readonly kind: 'some'; readonly incidents: readonly Incident[] }
  /** All that the list would show on all its pages; `total` is what its answer said. */
  | { readonly kind: 'matching'; readonly state: ListState; readonly total: number };

/** What became of a change of this tab that the list does not show by itself. */
export interface RowMark {
  /** On its way, and shown as if it had arrived. */
  readonly pending?: IncidentPatch;
  /** Not written: somebody else has changed these fields since. `by` is null until their name is known. */
  readonly conflict?: { readonly by: string | null; readonly fields: readonly Field[] };
  /** Not written, and not shown any more. Without `canRetry` the incident is gone. */
  readonly failed?: { readonly reason: string; readonly canRetry: boolean };
}

/** One press: the incidents as they were shown then, and what was wanted of them. */
export interface Wish {
  readonly incidents: readonly Incident[];
  readonly patch: TriagePatch;
  readonly actor: string;
  /** The server carries it out once, however often it is sent under its key. */
  readonly key: string;
}

/** A wish that did not come true. */
export interface Failure {
  readonly wish: Wish;
  readonly reason: string;
  readonly canRetry: boolean;
  /** It may have been carried out. */
  readonly isUndecided: boolean;
}

/** What a change of many would do, counted by the server. */
export interface Prepared {
  readonly target: Target;
  readonly patch: TriagePatch;
  /** How many incidents it is about. */
  readonly count: number;
  /** Those of them that are not so already. */
  readonly changed: number;
  readonly sev1: number;
  /** "Resolve 214 incidents" */
  readonly words: string;
  /** Whether this is asked because the number is another one than was agreed to. */
  readonly again: boolean;
}

/** Told once a change has been agreed to, and is on its way. */
export type OnSent = (target: Target) => void;

export interface Triage {
  /** Changes one incident, several, or all that match; the latter after a question only. */
  act: (target: Target, patch: TriagePatch) => void;
  /** The incident as it is shown: the newest that is known of it, with what is on its way. */
  shown: (incident: Incident) => Incident;
  /** By id. */
  marks: ReadonlyMap<string, RowMark>;
  /** Opens the incident, where both sides of the conflict are. */
  review: (incident: Incident) => void;
  /** Sends again what failed on an incident. */
  retry: (id: string) => void;
  /** Forgets what failed on an incident. */
  dismiss: (id: string) => void;
  /**
   * Opens the choice of an owner beside an element; the focus returns to where it was. With `toMe`, where the person
   * has no name yet, asks for that first.
   */
  assign: (target: Target, anchor: HTMLElement, how?: { toMe?: boolean }) => void;
}
