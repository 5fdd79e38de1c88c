import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useNavigate } from 'react-router';
import { loadActing, useActing, withActing } from '@/features/incidents/api/useActing';
import { useCommand } from '@/lib/commands';
import { whenIdle } from '@/lib/idle';
import { lazyPart } from '@/lib/lazy-part';
import { ConfirmDialog } from './ConfirmDialog';

const AssignPopover = lazyPart(async () => (await import('./AssignPopover')).AssignPopover);

/** What acting on incidents needs on every page: taking back, the choice of an owner, and the question before many are changed. */
export function ActingHost() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { acting, assigning, question } = useActing();
  useEffect(() => whenIdle(() => void loadActing().catch(() => null)), []);
  useEffect(() => acting?.onOpen((path) => void navigate(path)), [acting, navigate]);
  useCommand('change.undo', () => withActing(client, (ready) => ready.undo()));
  const close = () => acting?.assign(null);
  return (
    <>
      <AssignPopover
        isWanted={assigning !== null}
        onFailed={close}
        assigning={assigning}
        onClose={close}
      />
      {question && <ConfirmDialog question={question} />}
    </>
  );
}
