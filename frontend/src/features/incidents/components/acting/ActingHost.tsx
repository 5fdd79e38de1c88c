import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useNavigate } from 'react-router';
import { loadActing, useActing, withActing } from '@/features/incidents/api/useActing';
import { useCommand } from '@/lib/commands';
import { whenIdle } from '@/lib/idle';
import { lazyPart } from '@/lib/lazy-part';

const AssignPopover = lazyPart(async () => (await import('./AssignPopover')).AssignPopover);

/** What acting on incidents needs on every page: taking back, and the choice of an owner. */
export function ActingHost() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { acting, assigning } = useActing();
  useEffect(() => whenIdle(() => void loadActing().catch(() => null)), []);
  useEffect(() => acting?.onOpen((path) => void navigate(path)), [acting, navigate]);
  useCommand('change.undo', () => withActing(client, (ready) => ready.undo()));
  const close = () => acting?.assign(null);
  return (
    <AssignPopover
      isWanted={assigning !== null}
      onFailed={close}
      assigning={assigning}
      onClose={close}
    />
  );
}
