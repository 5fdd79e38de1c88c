import { askSession } from '@/api/session';
import type { Block } from './event-stream';
import { type LiveState, setLiveState } from './live-state';
import { holdStream, type LiveStream } from './live-stream';
import { needsSignIn, onSignedIn, sessionNow } from './session';

/*
 * A browser opens six connections to a server, over all its tabs, and a stream takes one for good. So one tab, the
 * leader, holds the stream for all of them: whoever has the lock. The browser passes it on when that tab is gone, and
 * the next leader resumes where the last was, since every tab knows the place of what it was told.
 */
const NAME = 'incident-tracker-live';
const POLL_MS = 10_000;
const TICK_MS = 5_000;
/** A tick that comes so late means that the machine slept, or that the browser had put the tab to rest. */
const SLEPT_MS = 3 * TICK_MS;
/** The leader tells of every heartbeat, every 15 s; without any for so long, it is asked whether it is there. */
const LEADER_SILENCE_MS = 45_000;
const LEADER_ANSWER_MS = 10_000;
/** Several leaders may tell the same for a moment, of the last few events only. */
const REMEMBERED = 2_000;

export interface LiveHandlers {
  /** From now on everything is told. What was read just before may be a moment older. */
  onJoin: () => void;
  onEvents: (blocks: Block[]) => void;
  /** Something may have been missed: everything has to be read anew. */
  onGap: () => void;
  /** No news will come by itself: time to look. */
  onPoll: () => void;
}

type Locks = Pick<LockManager, 'request'>;
type Channel = Pick<BroadcastChannel, 'postMessage' | 'close' | 'addEventListener'>;

/** What tabs share: without one of them, each is on its own. */
interface Browser {
  locks?: Locks | undefined;
  openChannel?: ((name: string) => Channel) | undefined;
}

type Message =
  | { kind: 'ask' }
  | { kind: 'here'; state: LiveState; cursor: string | null }
  | { kind: 'blocks'; blocks: Block[] };

function thisBrowser(): Browser {
  return {
    locks: navigator.locks as Locks | undefined,
    openChannel:
      'BroadcastChannel' in globalThis ? (name) => new BroadcastChannel(name) : undefined,
  };
}

/** Follows the event stream at `url` together with all other tabs, until the returned function is called. */
export function startLive(
  url: string,
  handlers: LiveHandlers,
  { locks, openChannel }: Browser = thisBrowser(),
  showState: (state: LiveState) => void = setLiveState,
): () => void {
  const together = locks !== undefined && openChannel !== undefined;
  const told = new Set<string>();
  let cursor: string | null = null;
  let state: LiveState = 'connecting';
  let stream: LiveStream | null = null;
  let channel: Channel | null = null;
  let candidacy: AbortController | null = null;
  let stepDown: (() => void) | null = null;
  let leaderHeardAt = 0;
  let leaderAskedAt: number | null = null;
  let tickedAt = 0;
  let saidAt = 0;
  let ticker: ReturnType<typeof setInterval> | undefined;
  let poll: ReturnType<typeof setInterval> | undefined;

  function post(message: Message) {
    channel?.postMessage(message);
  }

  function here() {
    if (stream === null) return;
    saidAt = Date.now();
    post({ kind: 'here', state, cursor });
  }

  function become(next: LiveState) {
    if (next === state) return;
    state = next;
    showState(next);
    clearInterval(poll);
    // The leader may be a tab that nobody sees, so each one looks whether it has to ask the person.
    if (next === 'signed-out' && !needsSignIn(sessionNow())) void askSession();
    if (next === 'polling') {
      look();
      poll = setInterval(look, POLL_MS);
    }
  }

  function look() {
    if (!document.hidden) handlers.onPoll();
  }

  /** Passes on what is new of it, each event once. */
  function take(blocks: Block[]) {
    const isFirst = cursor === null;
    const news: Block[] = [];
    let gap = false;
    for (const block of blocks) {
      if (block.event === 'reset') gap = true;
      if (block.id !== '') {
        cursor = block.id;
        if (told.has(block.id)) continue;
        told.add(block.id);
      }
      if (block.event !== '' && block.event !== 'reset') news.push(block);
    }
    for (const old of told) {
      if (told.size <= REMEMBERED) break;
      told.delete(old);
    }
    if (news.length > 0) handlers.onEvents(news);
    if (isFirst && cursor !== null) handlers.onJoin();
    if (gap) handlers.onGap();
  }

  function lead() {
    leaderAskedAt = null;
    stream = holdStream({
      url,
      after: cursor,
      onBlocks(blocks) {
        take(blocks);
        post({ kind: 'blocks', blocks });
      },
      onState(next) {
        become(next);
        here();
      },
      onHeard() {
        if (Date.now() - saidAt > TICK_MS) here();
      },
    });
  }

  function campaign(steal = false) {
    const own = new AbortController();
    candidacy = own;
    // A lock cannot be stolen and waited for at once.
    const options = steal ? { steal } : { signal: own.signal };
    locks
      ?.request(NAME, options, () => {
        if (candidacy !== own) return undefined;
        return new Promise<void>((resolve) => {
          stepDown = resolve;
          lead();
        });
      })
      .catch(() => {
        // Given up, or another tab took this one for dead and stole the lock.
        if (candidacy !== own) return;
        endStream();
        campaign();
      });
  }

  function endStream() {
    stream?.close();
    stream = null;
    stepDown?.();
    stepDown = null;
  }

  function onMessage({ data }: MessageEvent<Message>) {
    if (data.kind === 'ask') {
      // Signed out, it waits for its own tab to hear that somebody has signed in.
      if (state !== 'signed-out') stream?.check();
      here();
      return;
    }
    // Whoever holds a stream believes that alone.
    if (stream !== null) return;
    leaderHeardAt = Date.now();
    leaderAskedAt = null;
    if (data.kind === 'blocks') {
      take(data.blocks);
    } else {
      become(data.state);
      if (data.cursor === null || data.cursor === cursor || told.has(data.cursor)) return;
      const isFirst = cursor === null;
      cursor = data.cursor;
      told.add(data.cursor);
      if (isFirst) handlers.onJoin();
      else handlers.onGap();
    }
  }

  /** Nobody knows what was missed while the machine slept or the tab was out of sight. */
  function wake() {
    tickedAt = Date.now();
    leaderHeardAt = tickedAt;
    leaderAskedAt = null;
    if (stream !== null) stream.check();
    else if (together) post({ kind: 'ask' });
  }

  function onVisibility() {
    if (!together) {
      // Each tab on its own: only those in sight may take a connection.
      if (document.hidden) endStream();
      else if (stream === null) lead();
    }
    if (document.hidden) return;
    wake();
    if (state === 'polling') look();
  }

  function tick() {
    const now = Date.now();
    const slept = now - tickedAt > SLEPT_MS;
    tickedAt = now;
    if (slept) wake();
    if (!together || stream !== null || document.hidden) return;
    if (leaderAskedAt !== null) {
      if (now - leaderAskedAt > LEADER_ANSWER_MS) {
        candidacy?.abort();
        campaign(true);
        leaderAskedAt = null;
        leaderHeardAt = now;
      }
    } else if (now - leaderHeardAt > LEADER_SILENCE_MS) {
      leaderAskedAt = now;
      post({ kind: 'ask' });
    }
  }

  function begin() {
    if (ticker !== undefined) return;
    tickedAt = Date.now();
    leaderHeardAt = tickedAt;
    ticker = setInterval(tick, TICK_MS);
    if (together) {
      channel = openChannel(NAME);
      channel.addEventListener('message', onMessage);
      post({ kind: 'ask' });
      campaign();
    } else if (!document.hidden) {
      lead();
    }
  }

  /** A tab that is frozen, or kept for Back, must not keep the others from the stream. */
  function rest() {
    clearInterval(ticker);
    ticker = undefined;
    const own = candidacy;
    candidacy = null;
    own?.abort();
    endStream();
    channel?.close();
    channel = null;
  }

  const listened: ReadonlyArray<[EventTarget, string, () => void]> = [
    [document, 'visibilitychange', onVisibility],
    [document, 'freeze', rest],
    [document, 'resume', begin],
    [window, 'pagehide', rest],
    [window, 'pageshow', begin],
    [window, 'online', wake],
  ];
  for (const [target, name, listener] of listened) target.addEventListener(name, listener);
  const stopWaiting = onSignedIn(wake);
  begin();

  return () => {
    stopWaiting();
    for (const [target, name, listener] of listened) target.removeEventListener(name, listener);
    rest();
    clearInterval(poll);
  };
}
