import { useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useNavigate } from 'react-router';
import { type Incident, incidentPath } from '@/features/incidents/model/incident';
import type { OnSent, Target, Triage, TriagePatch } from '@/features/incidents/model/triage';
import { useCommand } from '@/lib/commands';
import { displayName } from '@/lib/display-name';
import { awaitPart } from '@/lib/typed-ahead';
import { useActing, withActing } from './useActing';

/** Acting on incidents. What is under way belongs to the tab: it goes on when the page is left. */
export function useTriage({ onSent }: { onSent?: OnSent } = {}): Triage {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { acting, marks } = useActing();
  return useMemo(() => {
    const act = (target: Target, patch: TriagePatch) =>
      withActing(client, (ready) => ready.act(target, patch, onSent));
    return {
      act,
      shown: (incident: Incident) => acting?.shown(incident) ?? incident,
      marks,
      review: (incident) => void navigate(incidentPath(incident), { state: { fromList: true } }),
      retry: (id) => acting?.retry(id),
      dismiss: (id) => acting?.dismiss(id),
      assign: (target, anchor, { toMe = false } = {}) => {
        let isWanted = true;
        const stopWaiting = awaitPart(() => {
          isWanted = false;
        });
        const open = (ready: NonNullable<typeof acting>) => {
          stopWaiting();
          if (!isWanted) return;
          ready.assign({ target, anchor, toMe, choose: (owner) => act(target, { owner }) });
        };
        withActing(client, open, stopWaiting);
      },
    };
  }, [acting, client, marks, navigate, onSent]);
}

function focusedElement(): HTMLElement {
  const { activeElement } = document;
  return activeElement instanceof HTMLElement ? activeElement : document.body;
}

interface ActOptions {
  /** Told after a change of one incident, so that the focus can move on to the next. */
  onActed?: () => void;
  /** Whether there is something to act on, where it is not the focus that decides. */
  applies?: () => boolean;
}

/** Registers e m r, s 1–4, a and i. `targets` is asked at the press; null where there is nothing to act on. */
export function useActCommands(
  targets: () => Target | null,
  triage: Triage,
  { onActed, applies }: ActOptions = {},
): void {
  function act(patch: TriagePatch) {
    const target = targets();
    if (target === null) return;
    triage.act(target, patch);
    if (target.kind === 'some' && target.incidents.length === 1) onActed?.();
  }

  function assign(toMe: boolean) {
    const target = targets();
    if (target === null) return;
    const me = displayName();
    if (toMe && me) act({ owner: me });
    else triage.assign(target, focusedElement(), { toMe });
  }

  const options = applies ? { applies } : {};
  useCommand('incident.resolve', () => act({ status: 'RESOLVED' }), options);
  useCommand('incident.mitigate', () => act({ status: 'MITIGATED' }), options);
  useCommand('incident.reopen', () => act({ status: 'OPEN' }), options);
  useCommand('incident.severity1', () => act({ severity: 'SEV1' }), options);
  useCommand('incident.severity2', () => act({ severity: 'SEV2' }), options);
  useCommand('incident.severity3', () => act({ severity: 'SEV3' }), options);
  useCommand('incident.severity4', () => act({ severity: 'SEV4' }), options);
  useCommand('incident.assign', () => assign(false), options);
  useCommand('incident.assignToMe', () => assign(true), options);
}
