import type { Incident } from './incident';

/**
 * The incidents that were chosen, by id and as last known, wherever they are by now: on this page, on another one, or
 * in the list no more.
 */
export interface Selection {
  readonly chosen: ReadonlyMap<string, Incident>;
  /** Where a range begins. */
  readonly anchor: string | null;
  /** Where it ends; the same as the anchor before there is one. */
  readonly head: string | null;
  /** What was chosen apart from the range, and stays so while that shrinks. */
  readonly base: ReadonlySet<string>;
  /** All that match the filter are meant, on every page. */
  readonly all: boolean;
}

export const NOTHING_CHOSEN: Selection = {
  chosen: new Map(),
  anchor: null,
  head: null,
  base: new Set(),
  all: false,
};

export type SelectionAction =
  | { readonly type: 'toggle'; readonly id: string }
  /** From the row with the focus to the next: goes on with the range that ended there, else begins one. */
  | { readonly type: 'extend'; readonly from: string; readonly to: string }
  /** From the row that was chosen last to this one, however far. */
  | { readonly type: 'range'; readonly to: string }
  | { readonly type: 'page'; readonly chosen: boolean }
  | { readonly type: 'all' }
  | { readonly type: 'clear' }
  /** What is known by now of these incidents. */
  | { readonly type: 'learn'; readonly incidents: readonly Incident[] };

/** @param rows those on the screen, in their order. */
export function select(
  before: Selection,
  action: SelectionAction,
  rows: readonly Incident[],
): Selection {
  const inSight = () => onScreen(before, rows);
  switch (action.type) {
    case 'toggle':
      return toggled(inSight(), rows, action.id);
    case 'extend': {
      const now = inSight();
      const goesOn = now.head === action.from && isAmong(rows, now.anchor);
      return ranged(goesOn ? now : settled(now.chosen, action.from), rows, action.to);
    }
    case 'range': {
      const now = inSight();
      const begun = isAmong(rows, now.anchor) ? now : settled(now.chosen, action.to);
      return ranged(begun, rows, action.to);
    }
    case 'page': {
      const chosen = new Map(inSight().chosen);
      for (const incident of rows) {
        if (action.chosen) chosen.set(incident.id, incident);
        else chosen.delete(incident.id);
      }
      return settled(chosen, null);
    }
    case 'all':
      return { ...before, all: true };
    case 'clear':
      return NOTHING_CHOSEN;
    case 'learn':
      return learned(before, action.incidents);
  }
}

/** Chosen one by one; a range that comes begins at the anchor. */
function settled(chosen: ReadonlyMap<string, Incident>, anchor: string | null): Selection {
  return { chosen, anchor, head: anchor, base: new Set(chosen.keys()), all: false };
}

/** Once one of "all that match" is chosen by itself, the rows that are in sight are meant. */
function onScreen(selection: Selection, rows: readonly Incident[]): Selection {
  return selection.all ? settled(byId(rows), null) : selection;
}

function toggled(selection: Selection, rows: readonly Incident[], id: string): Selection {
  const chosen = new Map(selection.chosen);
  const incident = rows.find((row) => row.id === id);
  if (!chosen.delete(id) && incident) chosen.set(id, incident);
  return settled(chosen, id);
}

function ranged(selection: Selection, rows: readonly Incident[], to: string): Selection {
  const { chosen, anchor, base } = selection;
  const ends = [anchor, to].map((id) => rows.findIndex((row) => row.id === id));
  const [first = 0, last = 0] = ends.toSorted((a, b) => a - b);
  if (first < 0) return selection;
  const kept = [...chosen].filter(([id]) => base.has(id));
  const range = byId(rows.slice(first, last + 1));
  return { chosen: new Map([...kept, ...range]), anchor, head: to, base, all: false };
}

/** Newer knowledge changes what is told of the chosen ones, never which they are. */
function learned(selection: Selection, incidents: readonly Incident[]): Selection {
  const newer = incidents.filter(({ id, version }) => {
    const known = selection.chosen.get(id);
    return known !== undefined && known.version < version;
  });
  if (newer.length === 0) return selection;
  const chosen = new Map(selection.chosen);
  for (const incident of newer) {
    if ((chosen.get(incident.id)?.version ?? 0) < incident.version)
      chosen.set(incident.id, incident);
  }
  return { ...selection, chosen };
}

function byId(incidents: readonly Incident[]): Map<string, Incident> {
  return new Map(incidents.map((incident) => [incident.id, incident]));
}

function isAmong(rows: readonly Incident[], id: string | null): boolean {
  return rows.some((row) => row.id === id);
}
