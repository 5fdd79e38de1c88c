import { useQuery } from '@tanstack/react-query';
import { TimeAgo } from '@/components/TimeAgo';
import { sessionsQuery, useAccountCall } from '@/features/accounts/api/queries';
import { ConfirmButton } from '@/features/accounts/components/ConfirmButton';
import { focusList, Things } from '@/features/accounts/components/Things';
import { deviceOf } from '@/features/accounts/model/device';
import { useSending } from '@/features/accounts/model/sending';

const WHAT = 'sessions';

/** Where one is signed in. */
export function SessionsSection() {
  const query = useQuery(sessionsQuery());
  const { isSending, send, errorBeside } = useSending();
  const call = useAccountCall();
  const hasOthers = query.data?.some(({ current }) => !current) ?? false;

  function end(work: () => Promise<unknown>) {
    focusList(WHAT);
    void send(work);
  }

  return (
    <section className="panel" aria-labelledby="sessions-title">
      <div className="panel-head">
        <h2 id="sessions-title">Sessions</h2>
        {hasOthers && (
          <ConfirmButton
            label="End all others"
            sure="Yes, end them"
            isBusy={isSending}
            onConfirm={() => end(() => call('DELETE /api/sessions', {}))}
          />
        )}
      </div>
      <Things what={WHAT} query={query} empty="None." error={errorBeside()}>
        {({ id, userAgent, address, current, createdAt, lastUsedAt }) => (
          <>
            <span className="what">
              <strong data-tip={userAgent}>{deviceOf(userAgent)}</strong>{' '}
              {current && <span className="tag">this one</span>}
              <br />
              <span className="meta num">
                {address} · signed in <TimeAgo at={createdAt} label="Signed in" ago /> · last used{' '}
                <TimeAgo at={lastUsedAt} label="Last used" ago />
              </span>
            </span>
            {!current && (
              <ConfirmButton
                label="End"
                about={`the session of ${deviceOf(userAgent)} at ${address}`}
                sure="Yes, end it"
                isBusy={isSending}
                onConfirm={() => end(() => call('DELETE /api/sessions/{id}', { id }))}
              />
            )}
          </>
        )}
      </Things>
    </section>
  );
}
