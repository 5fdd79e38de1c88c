import { connect, createServer, type Socket } from 'node:net';
import type { Page } from '@playwright/test';

const STREAM = '**/api/events/stream*';

/** Keeps a page from its event stream, which would never let the network come to rest. */
export async function withoutStream(page: Page): Promise<void> {
  await page.route(STREAM, (route) => route.abort());
}

/** As a proxy does that has had enough of it. */
export async function refuseStream(page: Page): Promise<void> {
  await page.route(STREAM, (route) => route.fulfill({ status: 502, body: 'Bad gateway' }));
}

export function allowStream(page: Page): Promise<void> {
  return page.unroute(STREAM);
}

/** A way to the server that can be cut and mended, which to a browser is the same as a server that is restarted. */
export async function openLine(target: string) {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  const listen = (at: number) =>
    new Promise<void>((resolve) => {
      server.listen(at, '127.0.0.1', resolve);
    });
  const cut = () => {
    const closed = new Promise((resolve) => {
      server.close(resolve);
    });
    for (const socket of sockets) socket.destroy();
    return closed;
  };
  await listen(0);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}`, cut, mend: () => listen(address.port) };
}
