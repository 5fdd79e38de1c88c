interface Waiting {
  run: () => void;
  fail: (reason: unknown) => void;
}

interface LockOptions {
  signal?: AbortSignal;
  steal?: boolean;
}

/** Web Locks as all tabs of a browser share them, for one name. */
export class FakeLocks {
  private holder: Waiting | null = null;
  private queue: Waiting[] = [];

  request = (
    _name: string,
    { signal, steal }: LockOptions,
    hold: () => unknown,
  ): Promise<unknown> => {
    return new Promise((resolve, reject) => {
      const abort = () => new DOMException('Aborted', 'AbortError');
      const waiting: Waiting = {
        run: () => {
          this.holder = waiting;
          void Promise.resolve(hold()).then((value) => {
            resolve(value);
            if (this.holder === waiting) this.next();
            return value;
          });
        },
        fail: reject,
      };
      signal?.addEventListener('abort', () => {
        if (!this.queue.includes(waiting)) return;
        this.queue = this.queue.filter((one) => one !== waiting);
        reject(abort());
      });
      if (steal) {
        this.holder?.fail(abort());
        waiting.run();
      } else {
        this.queue.push(waiting);
        if (this.holder === null) queueMicrotask(() => this.holder === null && this.next());
      }
    });
  };

  private next(): void {
    this.holder = null;
    this.queue.shift()?.run();
  }
}

type Listener = (event: MessageEvent) => void;

/** Broadcast channels of one browser: a message reaches all others, a moment later and as a copy. */
export function fakeChannels() {
  const open = new Set<FakeChannel>();

  class FakeChannel {
    private listener: Listener | null = null;
    constructor() {
      open.add(this);
    }
    addEventListener(_type: string, listener: unknown): void {
      this.listener = listener as Listener;
    }
    postMessage(message: unknown): void {
      for (const other of open) {
        if (other === this) continue;
        const copy = structuredClone(message);
        queueMicrotask(() => {
          if (open.has(other)) other.listener?.(new MessageEvent('message', { data: copy }));
        });
      }
    }
    close(): void {
      open.delete(this);
    }
  }

  return () => new FakeChannel();
}
