import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, unwrap } from '@/api/client';
import { problemFrom } from '@/api/problem';
import type { components } from '@/api/schema';
import { sendWrite } from '@/api/write';
import { moved, type View, type ViewList } from '@/features/incidents/model/views';
import { useDisplayName } from '@/lib/display-name';
import { newKey } from '@/lib/idempotency';
import { keys } from './queries';
import { viewsQuery } from './views';

type Draft = components['schemas']['ViewCreate'];
type Arrangement = components['schemas']['ArrangementPatch'];

interface Write {
  /** What it will have done, which is shown at once. */
  edit: (list: ViewList) => ViewList;
  send: (header: { 'Idempotency-Key': string }) => Promise<unknown>;
}

function draftOf({ name, q, sortBy, order, density }: View): Draft {
  return { name, q, sortBy, order, density };
}

async function sendDelete(id: string, header: { 'Idempotency-Key': string }) {
  const params = { header, path: { view_id: id } };
  // The server takes no write of another content type, and only what has a body has one.
  const { error, response } = await api.DELETE('/api/views/{view_id}', { params, body: {} });
  if (!response.ok) throw problemFrom(response, error);
}

/** Changes the views, one after another, and as the server has them where one fails. */
export function useViewWrites() {
  const client = useQueryClient();
  const { queryKey } = viewsQuery(useDisplayName());
  const { mutateAsync: write } = useMutation({
    mutationKey: keys.views,
    scope: { id: 'views' },
    mutationFn: ({ send }: Write) => {
      const header = { 'Idempotency-Key': newKey() };
      return sendWrite(() => send(header));
    },
    onMutate: async ({ edit }) => {
      // What is on its way knows nothing of it.
      await client.cancelQueries({ queryKey });
      const before = client.getQueryData(queryKey);
      client.setQueryData(queryKey, (list) => list && edit(list));
      return before;
    },
    onError: (_error, _write, before) => client.setQueryData(queryKey, before),
    onSettled: () => {
      const isLast = client.isMutating({ mutationKey: keys.views }) === 1;
      if (isLast) void client.invalidateQueries({ queryKey: keys.views });
    },
  });

  /** Resolves to the view, which comes last. */
  async function save(draft: Draft): Promise<View> {
    let saved: View | undefined;
    await write({
      edit: (list) => list,
      send: async (header) => {
        const view = await unwrap(api.POST('/api/views', { params: { header }, body: draft }));
        saved = view;
        client.setQueryData(queryKey, (list) => list && { ...list, items: [...list.items, view] });
      },
    });
    return saved as View;
  }

  function update({ id }: View, change: Partial<Draft>): Promise<unknown> {
    const put = (part: Partial<View>) => (list: ViewList) => ({
      ...list,
      items: list.items.map((view) => (view.id === id ? { ...view, ...part } : view)),
    });
    return write({
      // Its name may be taken, and how many it shows is not known yet.
      edit: 'name' in change ? (list) => list : put({ ...change, count: null }),
      send: async (header) => {
        const params = { header, path: { view_id: id } };
        const view = await unwrap(api.PATCH('/api/views/{view_id}', { params, body: change }));
        // Writes do not count; how many it shows is what it was, as long as it asks for the same.
        const { count: _, countIsExact: __, ...rest } = view;
        client.setQueryData(queryKey, (list) => list && put('q' in change ? view : rest)(list));
      },
    });
  }

  function arrange(body: Arrangement): Promise<unknown> {
    return write({
      edit: (list) => {
        const { order = list.items.map(({ id }) => id), default: first = list.default } = body;
        const place = ({ id }: View) => order.indexOf(id);
        return {
          items: list.items.toSorted((a, b) => place(a) - place(b)),
          default: first,
        };
      },
      send: (header) => unwrap(api.PATCH('/api/views', { params: { header }, body })),
    });
  }

  function remove({ id }: View): Promise<unknown> {
    return write({
      edit: (list) => ({
        items: list.items.filter((view) => view.id !== id),
        default: list.default === id ? 'open' : list.default,
      }),
      send: (header) => sendDelete(id, header),
    });
  }

  /** Saves a removed view again, at its old place. */
  async function restore(view: View, place: number, wasDefault: boolean): Promise<unknown> {
    const { id } = await save(draftOf(view));
    const ids = (client.getQueryData(queryKey)?.items ?? []).map((one) => one.id);
    return arrange({ order: moved(ids, id, place), ...(wasDefault && { default: id }) });
  }

  return { save, update, arrange, remove, restore };
}
