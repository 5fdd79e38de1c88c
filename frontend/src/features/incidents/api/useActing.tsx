import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { toast } from 'sonner';
import { createListeners } from '@/lib/listeners';

type Module = typeof import('./acting');
type Acting = ReturnType<Module['actingOf']>;
type Snapshot = ReturnType<Acting['snapshot']>;

const NOTHING: Snapshot = { marks: new Map(), assigning: null, question: null };

let loaded: Module | null = null;
let loading: Promise<Module> | null = null;
const listeners = createListeners();

/**
 * Most of it is of no use before the first press; it comes when the browser is idle. Whoever waits for it waits for
 * the same promise: several import() of one module need not end in the order in which they began.
 */
export function loadActing(): Promise<Module> {
  loading ??= fetchActing();
  return loading;
}

async function fetchActing(): Promise<Module> {
  try {
    loaded = await import('./acting');
    listeners.tell();
    return loaded;
  } catch (error) {
    loading = null;
    throw error;
  }
}

/**
 * Does something with it at once, or as soon as it is there; presses keep their order. Where it cannot be had, that is
 * told, and `onFailed` called.
 */
export function withActing(
  client: QueryClient,
  run: (acting: Acting) => void,
  onFailed?: () => void,
): void {
  if (loaded !== null) run(loaded.actingOf(client));
  else void loadAndRun(client, run, onFailed);
}

async function loadAndRun(
  client: QueryClient,
  run: (acting: Acting) => void,
  onFailed?: () => void,
): Promise<void> {
  const module = await loadActing().catch(() => null);
  if (module !== null) {
    run(module.actingOf(client));
    return;
  }
  onFailed?.();
  toast.error(<span role="alert">The server cannot be reached. Nothing was changed.</span>, {
    action: { label: 'Retry', onClick: () => withActing(client, run) },
  });
}

/** What acting has to show; the calling component is drawn again whenever that changes. */
export function useActing(): Snapshot & { acting: Acting | null } {
  const client = useQueryClient();
  const module = useSyncExternalStore(listeners.subscribe, () => loaded);
  const acting = module?.actingOf(client) ?? null;
  const snapshot = useSyncExternalStore(acting?.subscribe ?? listeners.subscribe, () =>
    acting === null ? NOTHING : acting.snapshot(),
  );
  return { ...snapshot, acting };
}
