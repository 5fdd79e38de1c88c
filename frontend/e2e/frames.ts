/*
 * What a page tells about its own frames. Both functions run inside the browser, so they stand alone.
 */
interface Frames {
  /** Tasks of the main thread of 50 ms and more, in ms. */
  tasks: number[];
  /** Frames that took 50 ms and more from their start to their paint, in ms. */
  frames: number[];
  /** Between two animation frames, in ms; 16.7 at 60 Hz where nothing is in the way. */
  gaps: number[];
  /** From each key press to the paint that follows it, in ms. */
  keys: number[];
  /** The browser's own measure of the same, in steps of 8 ms and only from 16 ms on. */
  events: number[];
  /** From each press of j or k to the paint of the peek with all that it tells of that row, in ms. */
  peeks: number[];
}

declare global {
  interface Window {
    takeFrames: () => Frames;
    /** When the first rows were painted, in ms since the navigation started. */
    rowsPaintedAt: number | null;
  }
}

/** Starts watching, before any script of the page runs. */
export function watchFrames(): void {
  const fresh = (): Frames => ({
    tasks: [],
    frames: [],
    gaps: [],
    keys: [],
    events: [],
    peeks: [],
  });
  let seen = fresh();

  const tasks = new PerformanceObserver((list) => {
    seen.tasks.push(...list.getEntries().map((entry) => entry.duration));
  });
  tasks.observe({ type: 'longtask' });
  const frames = new PerformanceObserver((list) => {
    seen.frames.push(...list.getEntries().map((entry) => entry.duration));
  });
  frames.observe({ type: 'long-animation-frame' });
  const readEvents = (entries: PerformanceEntryList) => {
    for (const entry of entries) {
      const isKey = entry.name === 'keydown' && 'interactionId' in entry && entry.interactionId;
      if (isKey) seen.events.push(entry.duration);
    }
  };
  const events = new PerformanceObserver((list) => readEvents(list.getEntries()));
  // TypeScript's own description of the browser does not know the threshold yet.
  const options: PerformanceObserverInit & { durationThreshold: number } = {
    type: 'event',
    durationThreshold: 16,
  };
  events.observe(options);

  // A message posted from an animation frame arrives once that frame has been painted.
  const afterThisFrame = (then: () => void) => {
    const channel = new MessageChannel();
    channel.port1.addEventListener('message', then);
    channel.port1.start();
    channel.port2.postMessage(null);
  };
  const afterPaint = (then: () => void) => requestAnimationFrame(() => afterThisFrame(then));

  let peekAskedAt: number | null = null;
  const isPeekWhole = () => {
    const peek = document.querySelector<HTMLElement>('.peek:has(ol)');
    const row = document.activeElement?.closest<HTMLElement>('tr');
    return peek !== null && peek.dataset.id === row?.dataset.id;
  };

  window.addEventListener(
    'keydown',
    (event) => {
      const { timeStamp } = event;
      if (event.key === 'j' || event.key === 'k') peekAskedAt = timeStamp;
      afterPaint(() => seen.keys.push(performance.now() - timeStamp));
    },
    { capture: true },
  );

  let last: number | null = null;
  const beat = (now: number) => {
    if (last !== null) seen.gaps.push(now - last);
    last = now;
    if (peekAskedAt !== null && isPeekWhole()) {
      const askedAt = peekAskedAt;
      peekAskedAt = null;
      afterThisFrame(() => seen.peeks.push(performance.now() - askedAt));
    }
    requestAnimationFrame(beat);
  };
  requestAnimationFrame(beat);

  window.rowsPaintedAt = null;
  const rows = new MutationObserver(() => {
    if (document.querySelector('tbody tr') === null) return;
    rows.disconnect();
    afterPaint(() => {
      window.rowsPaintedAt = performance.now();
    });
  });
  rows.observe(document, { childList: true, subtree: true });

  window.takeFrames = () => {
    seen.tasks.push(...tasks.takeRecords().map((entry) => entry.duration));
    seen.frames.push(...frames.takeRecords().map((entry) => entry.duration));
    readEvents(events.takeRecords());
    const taken = seen;
    seen = fresh();
    return taken;
  };
}
