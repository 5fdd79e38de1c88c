import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ApiError } from './problem';
import { RUNNING, sendWrite } from './write';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const answered = (status: number, more: { type?: string; retryAfterMs?: number } = {}) =>
  new ApiError('No.', { status, ...more });

/** Sends what fails so often with that error; tells how often it was sent, for how long, and what came of it. */
async function sent(error: Error, failures: number) {
  const before = Date.now();
  let times = 0;
  const send = async () => {
    times += 1;
    if (times <= failures) throw error;
    return 'done';
  };
  let outcome: unknown;
  const run = async () => {
    try {
      outcome = await sendWrite(send);
    } catch (reason) {
      outcome = reason;
    }
  };
  const running = run();
  await vi.runAllTimersAsync();
  await running;
  return { outcome, times, waited: Date.now() - before };
}

test.each([0, 502, 503, 504])(
  'a write without an answer (%i) is sent again, twice',
  async (status) => {
    expect(await sent(answered(status), 2)).toMatchObject({ outcome: 'done', times: 3 });
    expect(await sent(answered(status), 9)).toMatchObject({ outcome: { status }, times: 3 });
  },
);

test.each([400, 409, 412, 422, 500])('one that was answered with %i is not', async (status) => {
  expect(await sent(answered(status), 1)).toMatchObject({ outcome: { status }, times: 1 });
});

test('a mistake of our own is not repeated', async () => {
  expect(await sent(new TypeError('a bug'), 1)).toMatchObject({ times: 1 });
});

test('while the first request is at work, its answer is asked for at the pace the server names', async () => {
  const running = answered(409, { type: RUNNING, retryAfterMs: 1_000 });
  const { outcome, times, waited } = await sent(running, 4);
  expect({ outcome, times }).toEqual({ outcome: 'done', times: 5 });
  expect(waited).toBeGreaterThanOrEqual(4_000);
});

test('nobody waits unawares for as long as a busy server asks', async () => {
  expect(await sent(answered(503, { retryAfterMs: 2_000 }), 1)).toMatchObject({ outcome: 'done' });
  expect(await sent(answered(503, { retryAfterMs: 60_000 }), 1)).toMatchObject({ times: 1 });
});

test('on a device that is offline a write waits, however long, and is sent once it is back', async () => {
  const online = vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(false);
  let times = 0;
  const running = sendWrite(async () => {
    times += 1;
    if (times === 1) throw answered(0);
    return 'done';
  });
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(times).toBe(1);
  online.mockReturnValue(true);
  window.dispatchEvent(new Event('online'));
  expect(await running).toBe('done');
  online.mockRestore();
});
