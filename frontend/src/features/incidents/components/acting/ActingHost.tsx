import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useSyncExternalStore } from 'react';
import { useNavigate } from 'react-router';
import { actingOf } from '@/features/incidents/api/acting';
import { useCommand } from '@/lib/commands';

const AssignPopover = lazy(() => import('./AssignPopover'));

/** What acting on incidents needs on every page: taking back, and the choice of an owner. */
export function ActingHost() {
  const acting = actingOf(useQueryClient());
  const navigate = useNavigate();
  const { assigning } = useSyncExternalStore(acting.subscribe, acting.snapshot);
  useEffect(() => acting.onOpen((path) => void navigate(path)), [acting, navigate]);
  useCommand('change.undo', acting.undo);
  if (assigning === null) return null;
  return (
    <Suspense>
      <AssignPopover assigning={assigning} onClose={() => acting.assign(null)} />
    </Suspense>
  );
}
