import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { askSession } from '@/api/session';
import { account } from '@/testing/accounts';
import { FakeLocks, fakeChannels } from '@/testing/fake-browser';
import { fakeStream, frame } from '@/testing/fake-stream';
import { startLive } from './live';
import type { LiveState } from './live-state';
import { hearSession } from './session';

vi.mock('@/api/session', () => ({ askSession: vi.fn<() => Promise<void>>() }));

type Browser = NonNullable<Parameters<typeof startLive>[2]>;

let stream: ReturnType<typeof fakeStream>;

beforeEach(() => {
  vi.useFakeTimers();
  // The middle of the scatter, so that waits are those of the code.
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  stream = fakeStream();
});

afterEach(() => {
  vi.useRealTimers();
});

const after = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** The browser that all tabs of a test are in. */
function browser(): Browser {
  return { locks: new FakeLocks() as unknown as Browser['locks'], openChannel: fakeChannels() };
}

function tab(shared: Browser) {
  const seen = {
    events: [] as string[],
    states: [] as LiveState[],
    joins: 0,
    gaps: 0,
    polls: 0,
  };
  const stop = startLive(
    '/stream',
    {
      onEvents: (blocks) => seen.events.push(...blocks.map(({ id }) => id)),
      onJoin: () => {
        seen.joins += 1;
      },
      onGap: () => {
        seen.gaps += 1;
      },
      onPoll: () => {
        seen.polls += 1;
      },
    },
    shared,
    (state) => seen.states.push(state),
  );
  onTestFinished(stop);
  return { ...seen, seen, state: () => seen.states.at(-1) ?? 'connecting', stop };
}

/** All tabs of a test share one document, so it is hidden or shown to all of them. */
function hide(hidden: boolean) {
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(hidden);
  document.dispatchEvent(new Event('visibilitychange'));
}

/** The machine sleeps: time passes, and nothing runs. */
function sleep(ms: number) {
  vi.setSystemTime(Date.now() + ms);
}

describe('a tab alone', () => {
  test('is live once the stream has said something, and is told once that it is', async () => {
    stream.answerWith('silence');
    const { seen, state } = tab(browser());
    await after(1);
    expect(state()).toBe('connecting');
    stream.connections[0]?.send('id: 5-5\n\n');
    await after(1);
    expect(state()).toBe('live');
    expect(seen).toMatchObject({ joins: 1, gaps: 0, events: [] });
    stream.connections[0]?.send(frame('6-6') + frame('6-7'));
    await after(1);
    expect(seen).toMatchObject({ joins: 1, gaps: 0, events: ['6-6', '6-7'] });
  });

  test('resumes where it was when the stream ends, and drops what comes twice', async () => {
    const { seen, state } = tab(browser());
    await after(20_000);
    stream.connections[0]?.send(frame('6-6'));
    await after(1);
    stream.connections[0]?.end();
    await after(1_999);
    expect(state()).toBe('reconnecting');
    expect(stream.connections).toHaveLength(1);
    await after(2);
    expect(stream.connections.map((one) => one.after)).toEqual([null, '6-6']);
    expect(state()).toBe('live');
    stream.connections[1]?.send(frame('6-6') + frame('7-8'));
    await after(1);
    expect(seen.events).toEqual(['6-6', '7-8']);
    expect(seen.gaps).toBe(0);
  });

  test('reads everything anew where the server cannot resume', async () => {
    const { seen } = tab(browser());
    await after(1);
    stream.connections[0]?.send('id: 9-9\nevent: reset\ndata: {}\n\n');
    await after(1);
    expect(seen).toMatchObject({ gaps: 1, events: [] });

    // A place that another server handed out is refused; without one the stream begins anew.
    stream.answerWith(new Response(null, { status: 400 }));
    stream.connections[0]?.end();
    await after(2_001);
    expect(stream.connections.at(-1)?.after).toBe('9-9');
    expect(seen.gaps).toBe(2);
    stream.answerWith('stream');
    await after(4_001);
    expect(stream.connections.at(-1)?.after).toBeNull();
  });

  test('takes a line for dead after 40 s without a byte; a heartbeat is enough', async () => {
    const { state } = tab(browser());
    for (let beats = 0; beats < 6; beats += 1) {
      await after(15_000);
      stream.connections[0]?.send(':\n\n');
    }
    await after(39_999);
    expect(stream.connections).toHaveLength(1);
    expect(state()).toBe('live');
    await after(2);
    expect(state()).toBe('reconnecting');
    expect(stream.held()).toHaveLength(0);
    await after(2_001);
    expect(stream.held()).toHaveLength(1);
    expect(state()).toBe('live');
  });

  test('waits twice as long after each failure, up to half a minute, and never less than asked', async () => {
    stream.answerWith('unreachable');
    const { seen, state } = tab(browser());
    const waits: number[] = [];
    let from = Date.now();
    while (waits.length < 6) {
      const known = stream.connections.length;
      await after(250);
      if (stream.connections.length > known && known > 0) {
        waits.push(Date.now() - from);
      }
      if (stream.connections.length > known) from = Date.now();
    }
    expect(waits.map((ms) => Math.round(ms / 1000))).toEqual([2, 4, 8, 16, 30, 30]);
    // Whoever cannot reach the server for a stream cannot reach it for anything.
    expect(state()).toBe('reconnecting');
    expect(seen.polls).toBe(0);

    stream.answerWith(new Response(null, { status: 503, headers: { 'Retry-After': '120' } }));
    await after(31_000);
    const known = stream.connections.length;
    // Nothing that happens here makes it come back before that.
    window.dispatchEvent(new Event('online'));
    await after(118_000);
    expect(stream.connections).toHaveLength(known);
    await after(2_500);
    expect(stream.connections).toHaveLength(known + 1);
  });
});

describe('where no stream can be held', () => {
  test.each([
    ['the limit is reached', new Response(null, { status: 503 }), 6_000],
    ['a proxy answers in its place', new Response('<html>', { status: 200 }), 6_000],
    ['something keeps it back', 'silence' as const, 36_000],
  ])('%s: it polls while somebody looks, and is live again when it can', async (...given) => {
    const [, answer, until] = given;
    stream.answerWith(answer);
    const { seen, state } = tab(browser());
    await after(until - 100);
    expect(state()).toBe('reconnecting');
    await after(200);
    expect(state()).toBe('polling');
    expect(stream.connections).toHaveLength(3);
    expect(seen.polls).toBe(1);
    await after(10_000);
    expect(seen.polls).toBe(2);
    hide(true);
    await after(60_000);
    expect(seen.polls).toBe(2);

    stream.answerWith('stream');
    hide(false);
    expect(seen.polls).toBe(3);
    await after(60_000);
    expect(state()).toBe('live');
    const polled = seen.polls;
    stream.connections.at(-1)?.send(':\n\n');
    await after(30_000);
    expect(seen.polls).toBe(polled);
  });

  test('a stream that is cut as soon as it opens is none', async () => {
    const { state } = tab(browser());
    for (let tries = 0; tries < 3; tries += 1) {
      await after(1);
      stream.held()[0]?.end();
      await after(9_000);
    }
    expect(state()).toBe('live');
    stream.held()[0]?.end();
    await after(1);
    expect(state()).toBe('polling');
  });
});

describe('several tabs', () => {
  test('share one stream, all of them told the same', async () => {
    const shared = browser();
    const tabs = [tab(shared), tab(shared), tab(shared)];
    await after(1);
    expect(stream.held()).toHaveLength(1);
    stream.held()[0]?.send(frame('3-1') + frame('3-2'));
    await after(1);
    for (const { seen, state } of tabs) {
      expect(seen).toMatchObject({ events: ['3-1', '3-2'], joins: 1, gaps: 0 });
      expect(state()).toBe('live');
    }
    const late = tab(shared);
    await after(1);
    expect(late.seen).toMatchObject({ events: [], joins: 1, gaps: 0 });
    expect(late.state()).toBe('live');
    stream.held()[0]?.end();
    await after(1);
    expect(late.state()).not.toBe('live');
  });

  test('when the leader goes, the next resumes where it was: nothing is missed or doubled', async () => {
    const shared = browser();
    const [first, second, third] = [tab(shared), tab(shared), tab(shared)];
    await after(1);
    stream.held()[0]?.send(frame('3-1'));
    await after(1);
    first.stop();
    await after(1);
    expect(stream.connections.map((one) => one.after)).toEqual([null, '3-1']);
    expect(stream.held()).toHaveLength(1);
    stream.held()[0]?.send(frame('3-1') + frame('3-2'));
    await after(1);
    for (const { seen } of [second, third]) {
      expect(seen).toMatchObject({ events: ['3-1', '3-2'], joins: 1, gaps: 0 });
      // Nobody saw it happen.
      expect(seen.states).toEqual(['live']);
    }
  });

  test('a tab that is put aside leaves the stream to others, and takes stock when it is back', async () => {
    const shared = browser();
    const { seen } = tab(shared);
    await after(1);
    stream.held()[0]?.send(frame('3-1'));
    await after(1);
    // All tabs of a test hear it: this one is alone meanwhile.
    window.dispatchEvent(new Event('pagehide'));
    await after(1);
    expect(stream.held()).toHaveLength(0);

    const other = tab(shared);
    await after(1);
    stream.held()[0]?.send('id: 3-3\n\n');
    await after(1);
    window.dispatchEvent(new Event('pageshow'));
    await after(1);
    expect(stream.held()).toHaveLength(1);
    expect(other.seen.gaps).toBe(0);
    expect(seen).toMatchObject({ events: ['3-1'], joins: 1, gaps: 1 });
  });

  test('a tab that alone was put aside resumes', async () => {
    const { seen } = tab(browser());
    await after(1);
    stream.held()[0]?.send(frame('3-1'));
    await after(1);
    document.dispatchEvent(new Event('freeze'));
    document.dispatchEvent(new Event('resume'));
    await after(1);
    expect(stream.held().map((one) => one.after)).toEqual(['3-1']);
    expect(seen.gaps).toBe(0);
  });

  test('a leader that does not answer any more loses the lock', async () => {
    const shared = browser();
    // It holds the lock and does nothing.
    void shared.locks?.request('', {}, () => new Promise(() => {})).catch(() => null);
    await after(1);
    const { state } = tab(shared);
    await after(45_000);
    expect(stream.connections).toHaveLength(0);
    await after(20_000);
    expect(stream.held()).toHaveLength(1);
    expect(state()).toBe('live');
  });

  test('a leader that was taken for dead and is not steps down', async () => {
    const shared = browser();
    const first = tab(shared);
    await after(1);
    stream.held()[0]?.send(frame('3-1'));
    await after(1);
    void shared.locks?.request('', { steal: true }, () => undefined);
    await after(1);
    // The thief is done at once, so it leads again, from where it was.
    expect(stream.held().map((one) => one.after)).toEqual(['3-1']);
    expect(first.state()).toBe('live');
  });
});

describe('where the session has ended', () => {
  const session = {
    mode: 'required',
    csrfToken: null,
    methods: { password: true, oidc: null },
  } as const;

  test('every tab looks who is signed in, none asks for the stream, and it goes on after signing in', async () => {
    hearSession({ ...session, account: account() });
    const shared = browser();
    const leader = tab(shared);
    const follower = tab(shared);
    await after(1);
    stream.connections[0]?.send('id: 5-5\n\n');
    stream.answerWith(new Response(null, { status: 401 }));
    stream.connections[0]?.end();
    await after(3_000);
    expect([leader.state(), follower.state()]).toEqual(['signed-out', 'signed-out']);
    expect(askSession).toHaveBeenCalledTimes(2);
    await after(600_000);
    expect(stream.connections).toHaveLength(2);

    stream.answerWith('stream');
    hearSession({ ...session, account: null });
    hearSession({ ...session, account: account() });
    await after(1);
    expect(stream.held().map(({ after: from }) => from)).toEqual(['5-5']);
    expect([leader.state(), follower.state()]).toEqual(['live', 'live']);
  });
});

describe('after a sleep', () => {
  test('a line that may be dead is not trusted', async () => {
    const { state } = tab(browser());
    await after(1);
    sleep(3_600_000);
    await after(5_000);
    expect(stream.connections).toHaveLength(2);
    expect(stream.held()).toHaveLength(1);
    expect(state()).toBe('live');
  });

  test('a line that has just been heard is', async () => {
    tab(browser());
    await after(10_000);
    stream.connections[0]?.send(':\n\n');
    await after(1);
    hide(true);
    hide(false);
    window.dispatchEvent(new Event('online'));
    await after(1);
    expect(stream.connections).toHaveLength(1);
  });

  test('somebody who looks does not wait for the next try', async () => {
    stream.answerWith('unreachable');
    const { state } = tab(browser());
    await after(20_000);
    const tries = stream.connections.length;
    stream.answerWith('stream');
    hide(true);
    hide(false);
    await after(1);
    expect(stream.connections).toHaveLength(tries + 1);
    expect(state()).toBe('live');
  });
});

describe('a browser without locks', () => {
  test('each tab holds its own stream, while it is in sight', async () => {
    const [one, two] = [tab({}), tab({})];
    await after(1);
    expect(stream.held()).toHaveLength(2);
    for (const connection of stream.held()) connection.send(frame('3-1'));
    await after(1);
    hide(true);
    await after(1);
    expect(stream.held()).toHaveLength(0);
    hide(false);
    await after(1);
    expect(stream.held().map(({ after: place }) => place)).toEqual(['3-1', '3-1']);
    expect(one.seen).toMatchObject({ events: ['3-1'], gaps: 0 });
    expect(two.seen).toMatchObject({ events: ['3-1'], gaps: 0 });
  });
});

test('what is stopped leaves nothing behind', async () => {
  const { stop } = tab(browser());
  await after(1);
  stop();
  await after(1);
  expect(stream.held()).toHaveLength(0);
  expect(vi.getTimerCount()).toBe(0);
});
