import { readRetryAfter } from '@/api/problem';
import { type Block, createParser } from './event-stream';
import type { LiveState } from './live-state';

/** The server says something every 15 s at the latest; twice as long and a little more, and the line is dead. */
const SILENCE_MS = 40_000;
/** After a sleep, or when somebody looks, one missed heartbeat is enough. */
const SUSPICIOUS_MS = 20_000;
/** The first words come at once. Where they do not, something in between keeps them back. */
const OPENING_MS = 10_000;
/** A stream that held for so long is no failure when it ends: the server was restarted. */
const LASTING_MS = 10_000;
const RETRY_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;
/** After so many failures in a row it is time for another way. */
const TRIES = 3;

interface Options {
  url: string;
  /** Where to resume; null begins with the present. */
  after: string | null;
  onBlocks: (blocks: Block[]) => void;
  onState: (state: Exclude<LiveState, 'connecting'>) => void;
  /** Something was heard, if only a heartbeat. */
  onHeard: () => void;
}

export interface LiveStream {
  /** Makes sure that the line is not dead, and does not wait longer than it has to. */
  check: () => void;
  close: () => void;
}

/** An answer that is no stream; `waitMs` is what the server asks for. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly waitMs: number,
  ) {
    super(`No stream: ${status}`);
  }
}

/**
 * Holds one event stream for good: it comes back after every end, each time from the last place it has heard of.
 * It reads with `fetch`, since EventSource shows neither heartbeats nor why it was refused.
 */
export function holdStream({ url, after, onBlocks, onState, onHeard }: Options): LiveStream {
  let cursor = after;
  let connection: AbortController | null = null;
  let heardAt = 0;
  let liveSince: number | null = null;
  let failures = 0;
  let retryMs = RETRY_MS;
  let notBefore = 0;
  let watchdog: ReturnType<typeof setTimeout> | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;

  function watch() {
    const limit = liveSince === null ? OPENING_MS : SILENCE_MS;
    const left = heardAt + limit - Date.now();
    clearTimeout(watchdog);
    if (left <= 0) lost(true, 0);
    else watchdog = setTimeout(watch, left);
  }

  function lost(answered: boolean, askedMs: number) {
    connection?.abort();
    connection = null;
    clearTimeout(watchdog);
    if (liveSince !== null && Date.now() - liveSince >= LASTING_MS) failures = 0;
    liveSince = null;
    failures += 1;
    onState(failures >= TRIES && answered ? 'polling' : 'reconnecting');
    const wait = Math.min(retryMs * 2 ** (failures - 1), LONGEST_WAIT_MS);
    notBefore = Date.now() + askedMs;
    // Scattered, so that browsers that lost the same server do not come back all at once.
    retry = setTimeout(connect, Math.max(wait, askedMs) * (0.75 + Math.random() / 2));
  }

  function connect() {
    const own = new AbortController();
    connection = own;
    clearTimeout(retry);
    heardAt = Date.now();
    watch();
    receive(own.signal)
      .then(() => ended(own, null))
      .catch((error: unknown) => ended(own, error));
  }

  function ended(own: AbortController, error: unknown) {
    if (connection !== own) return;
    const refusal = error instanceof Refusal ? error : null;
    if (refusal?.status === 400 && cursor !== null) {
      // The place means nothing to this server any more.
      onBlocks([{ id: '', event: 'reset', data: '{}' }]);
      cursor = null;
    }
    if (refusal?.status === 401) {
      // It will be refused again until somebody has signed in, which `check` is told of.
      connection = null;
      clearTimeout(watchdog);
      liveSince = null;
      failures = 0;
      onState('signed-out');
      return;
    }
    lost(error === null || refusal !== null || liveSince !== null, refusal?.waitMs ?? 0);
  }

  async function receive(signal: AbortSignal): Promise<void> {
    const place = cursor === null ? '' : `?after=${encodeURIComponent(cursor)}`;
    const response = await globalThis.fetch(url + place, {
      headers: { Accept: 'text/event-stream' },
      cache: 'no-store',
      signal,
    });
    const isStream = response.headers.get('Content-Type')?.startsWith('text/event-stream');
    if (!response.ok || !isStream || !response.body) {
      void response.body?.cancel().catch(() => null);
      throw new Refusal(response.status, readRetryAfter(response.headers.get('Retry-After')) ?? 0);
    }

    let blocks: Block[] = [];
    const parse = createParser({
      onBlock: (block) => blocks.push(block),
      onRetry: (ms) => {
        retryMs = ms;
      },
    });
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return;
      heardAt = Date.now();
      onHeard();
      parse(decoder.decode(value, { stream: true }));
      if (blocks.length === 0) continue;
      const read = blocks;
      blocks = [];
      for (const { id } of read) if (id !== '') cursor = id;
      if (liveSince === null) {
        liveSince = heardAt;
        onState('live');
      }
      onBlocks(read);
    }
  }

  connect();

  return {
    check() {
      const now = Date.now();
      if (connection === null) {
        if (now >= notBefore) connect();
      } else if (now - heardAt > SUSPICIOUS_MS) {
        connection.abort();
        liveSince = null;
        connect();
      }
    },
    close() {
      connection?.abort();
      connection = null;
      clearTimeout(watchdog);
      clearTimeout(retry);
    },
  };
}
