import { useMemo, useState } from 'react';
import { useNavigate } from 'react-router';
import { toast } from 'sonner';
import {
  numberIn,
  useFoundIncidents,
  useIncidentOf,
} from '@/features/commands/api/useFoundIncidents';
import { useViews } from '@/features/incidents/api/views';
import { type Incident, incidentKey, incidentPath } from '@/features/incidents/model/incident';
import { asksForMe, isReadable } from '@/features/incidents/model/query';
import { useRecent } from '@/features/incidents/model/recent';
import { viewPath } from '@/features/incidents/model/views';
import { type CommandId, commandsAt, runCommand } from '@/lib/commands';
import { useDisplayName } from '@/lib/display-name';
import { wordText } from '@/lib/query-text';
import { DEFAULT_STATE, formatListState } from '@/lib/search-params';
import type { Place } from './place';
import { ranked } from './rank';

/** Something that the palette offers to do. */
export interface Offer {
  readonly id: string;
  readonly title: string;
  /** Other words by which somebody may look for it. */
  readonly also?: string | undefined;
  readonly command?: CommandId;
  /** "INC-42", where the title does not say it. */
  readonly note?: string;
  readonly incident?: Incident;
  /** Where it leads, for what can be opened in another tab as well. */
  readonly href?: string;
  /** Called once the focus is back where it was, with what has it; null where that is gone. */
  readonly run: (at: Element | null) => void;
}

interface OfferGroup {
  readonly title: string;
  readonly offers: readonly Offer[];
}

const ALSO: Partial<Record<CommandId, string>> = {
  'go.list': 'home open triage',
  'incident.create': 'create report declare raise',
  'search.focus': 'find query',
  'view.save': 'keep filter tab',
  'view.manage': 'tabs rename reorder delete default',
  'list.load': 'refresh reload news',
  'row.peek': 'preview',
  'row.selectPage': 'all',
  'incident.resolve': 'close fix done',
  'incident.mitigate': 'contain',
  'incident.reopen': 'unresolve open again',
  'incident.severity1': 'severity priority critical',
  'incident.severity2': 'severity priority high',
  'incident.severity3': 'severity priority medium',
  'incident.severity4': 'severity priority low',
  'incident.assign': 'owner give',
  'incident.assignToMe': 'owner take claim mine',
  'incident.copyLink': 'url share clipboard',
  'change.undo': 'revert take back',
  'name.set': 'sign me user account',
  'account.show': 'me name password sessions tokens profile',
  'people.show': 'accounts users roles invite admin',
  'session.end': 'log out leave',
  'theme.light': 'mode appearance bright',
  'theme.dark': 'mode appearance night',
  'theme.system': 'mode appearance automatic',
  'density.compact': 'height dense small',
  'density.standard': 'height normal',
  'density.comfortable': 'height large',
  'help.show': 'help hotkeys',
};

/** Where the list can be switched to, in the order of its tabs, saved views too. "Mine" is not for somebody without a name. */
function useViewOffers(): Array<Pick<Offer, 'id' | 'title' | 'also'> & { href: string }> {
  const name = useDisplayName();
  const { items } = useViews({ ask: false });
  return items
    .filter(({ q }) => name !== '' || !asksForMe(q))
    .map((view) => ({
      id: `view-${view.id}`,
      title: view.name,
      also: 'go to view tab',
      href: viewPath(view),
    }));
}

/**
 * What the palette offers for a text, in groups. What the server is still looking for comes last, so that nothing
 * that is already there moves when it arrives.
 */
export function useOffers(place: Place, text: string): OfferGroup[] {
  const navigate = useNavigate();
  // What can run is decided as the palette opens, while the focus is where the commands would act.
  const [commands] = useState(() => commandsAt(place.element));
  const views = useViewOffers();
  const recent = useRecent();
  const number = numberIn(text);
  const named = useIncidentOf(number);
  const found = useFoundIncidents(number === null ? text : '');

  const go = (href: string) => ({ href, run: () => void navigate(href) });
  const incidentOffer = (incident: Incident): Offer => ({
    id: incident.id,
    title: incident.title,
    note: incidentKey(incident),
    incident,
    ...go(incidentPath(incident)),
  });

  const forCommands = useMemo(
    () =>
      commands
        .filter(({ keysOnly, repeats }) => !keysOnly && !repeats)
        .map(({ id, title, group, scope }) => ({
          id,
          title,
          group,
          acts: scope === 'rows',
          also: ALSO[id],
          command: id,
          run: (at: Element | null) => {
            if (at !== null || scope !== 'rows') runCommand(id, at);
            else toast('That row is no longer in the list; nothing was done.');
          },
        })),
    [commands],
  );
  const forViews = views.map((view) => Object.assign(view, go(view.href)));

  if (text === '') {
    const of = (...groups: string[]) =>
      forCommands.filter(({ acts, group }) => !acts && groups.includes(group));
    return [
      { title: place.subject, offers: forCommands.filter(({ acts }) => acts) },
      {
        title: 'Recent',
        offers: recent.map((one) =>
          Object.assign(go(incidentPath(one)), {
            id: `recent-${one.number}`,
            title: one.title,
            note: incidentKey(one),
          }),
        ),
      },
      { title: 'Views', offers: forViews },
      { title: 'Commands', offers: of('Go', 'List', 'Act') },
      { title: 'Settings', offers: of('Settings', 'Help') },
    ].filter(({ offers }) => offers.length > 0);
  }

  // What is no query is looked for as it stands.
  const q = isReadable(text) ? text : text.split(/\s+/).map(wordText).join(' ');
  const search = `/${formatListState({ ...DEFAULT_STATE, q })}`;
  const jump: Offer[] = [];
  if (named) jump.push(incidentOffer(named));
  else if (number !== null && named === undefined) {
    const key = incidentKey({ number });
    jump.push({ id: key, title: `Open ${key}`, ...go(incidentPath({ number })) });
  }
  const known = [
    {
      title: 'Commands',
      ...ranked(
        text,
        forCommands.filter(({ acts }) => !acts),
      ),
    },
    {
      title: place.subject,
      ...ranked(
        text,
        forCommands.filter(({ acts }) => acts),
      ),
    },
    { title: 'Views', ...ranked(text, forViews) },
  ].toSorted((a, b) => a.best - b.best);
  return [
    { title: 'Incident', offers: jump },
    ...known.map((group) => ({ title: group.title, offers: group.found })),
    {
      title: 'Search',
      offers: [{ id: 'search', title: `All incidents with “${text}”`, ...go(search) }],
    },
    { title: 'Found', offers: found.map(incidentOffer) },
  ].filter(({ offers }) => offers.length > 0);
}
