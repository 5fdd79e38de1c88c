import type { Confirm, Target, Triage } from '@/features/incidents/model/triage';

export type {
  Confirm,
  Prepared,
  RowMark,
  Target,
  Triage,
  TriagePatch,
} from '@/features/incidents/model/triage';

/** Acting on incidents. What is under way belongs to the tab: it goes on when the page is left. */
export declare function useTriage(options?: { confirm?: Confirm }): Triage;

interface ActOptions {
  /** Told of the incident after a change of one, so that the focus can move on. */
  onActed?: () => void;
}

/** Registers e m r, s 1–4, a and i. `targets` is asked at the press; null where there is nothing to act on. */
export declare function useActCommands(
  targets: () => Target | null,
  triage: Triage,
  options?: ActOptions,
): void;
