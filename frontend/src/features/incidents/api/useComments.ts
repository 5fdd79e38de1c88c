import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { api, unwrap } from '@/api/client';
import { ApiError } from '@/api/problem';
import { sendWrite } from '@/api/write';
import type { IncidentEvent } from '@/features/incidents/model/incident';
import {
  divideOutbox,
  dropOutgoing,
  type Outgoing,
  putOutgoing,
  readOutbox,
  useOutbox,
} from '@/features/incidents/model/outbox';
import { actorNow } from '@/lib/display-name';
import { newKey } from '@/lib/idempotency';
import { useSession } from '@/lib/session';
import { keys } from './queries';

/** The keys of what this tab is sending. It goes on when the page is left, so it is no state of a component. */
const onTheirWay = new Set<string>();

/** Resolves to what the server has against the text, or to null; any other failure can be retried and is kept. */
async function send(
  client: QueryClient,
  incidentId: string,
  comment: Outgoing,
): Promise<string | null> {
  if (onTheirWay.has(comment.key)) return null;
  onTheirWay.add(comment.key);
  try {
    const event = await sendWrite(() =>
      unwrap(
        api.POST('/api/incidents/{incident_id}/comments', {
          params: {
            path: { incident_id: incidentId },
            header: {
              'Idempotency-Key': comment.key,
              'X-Actor': encodeURIComponent(comment.actor),
            },
          },
          body: { body: comment.body },
        }),
      ),
    );
    client.setQueryData<IncidentEvent[]>(keys.events(incidentId), (known) =>
      known && !known.some(({ id }) => id === event.id) ? [...known, event] : known,
    );
    dropOutgoing(incidentId, comment.key);
    void client.invalidateQueries({ queryKey: keys.events(incidentId) });
    return null;
  } catch (reason) {
    const refused = reason instanceof ApiError ? (reason.fields.body?.join(' ') ?? null) : null;
    const error = refused ?? (reason instanceof Error ? reason.message : String(reason));
    putOutgoing(incidentId, { ...comment, error });
    return refused;
  } finally {
    onTheirWay.delete(comment.key);
  }
}

interface Comments {
  /** Those that the server has not confirmed, oldest first. */
  outgoing: Outgoing[];
  /** Sends a comment; resolves to what the server has against its text, which is then no longer in the outbox. */
  post: (body: string) => Promise<string | null>;
  /** Sends it again, under the same key. */
  retry: (comment: Outgoing) => void;
  discard: (comment: Outgoing) => void;
}

/**
 * Commenting on an incident: what is sent is shown at once, and kept until the server has it.
 *
 * @param events the history; undefined while nobody knows what has arrived.
 */
export function useComments(
  incidentId: string,
  events: readonly IncidentEvent[] | undefined,
): Comments {
  const client = useQueryClient();
  const outbox = useOutbox(incidentId);
  // Before that, nobody knows under whose name it would go.
  const { isTold } = useSession();
  const [outgoing, arrived] = useMemo(() => divideOutbox(outbox, events ?? []), [outbox, events]);

  useEffect(() => {
    // It arrived, and only the answer was lost.
    for (const { key, error } of arrived) if (error !== null) dropOutgoing(incidentId, key);
  }, [arrived, incidentId]);

  useEffect(() => {
    if (!isTold) return;
    // What was on its way when the page was closed goes on. It may have arrived, which its key tells the server.
    for (const comment of readOutbox(incidentId)) {
      if (comment.error === null) void send(client, incidentId, comment);
    }
  }, [client, incidentId, isTold]);

  function start(comment: Outgoing): Promise<string | null> {
    putOutgoing(incidentId, comment);
    return send(client, incidentId, comment);
  }

  async function post(body: string): Promise<string | null> {
    const comment = {
      key: newKey(),
      body,
      actor: actorNow(),
      at: new Date().toISOString(),
      after: events?.at(-1)?.id ?? 0,
      error: null,
    };
    const refused = await start(comment);
    if (refused !== null) dropOutgoing(incidentId, comment.key);
    return refused;
  }

  return {
    outgoing,
    post,
    retry: (comment) => void start({ ...comment, error: null }),
    discard: (comment) => dropOutgoing(incidentId, comment.key),
  };
}
