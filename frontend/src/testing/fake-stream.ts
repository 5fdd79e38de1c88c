import { vi } from 'vitest';

/** One connection of the event stream, as the server has it. */
export interface FakeConnection {
  /** Where it was asked to resume; null for the present. */
  after: string | null;
  /** False once the client has left or the server has ended it. */
  open: boolean;
  send: (text: string) => void;
  end: () => void;
}

type Answer = 'stream' | 'silence' | 'unreachable' | Response;

/** Answers every request with a stream that the test writes, until it is told to answer otherwise. */
export function fakeStream() {
  const connections: FakeConnection[] = [];
  let answer: Answer = 'stream';

  vi.spyOn(globalThis, 'fetch').mockImplementation((input, init) => {
    const after = new URL(String(input), 'http://localhost').searchParams.get('after');
    const connection: FakeConnection = { after, open: false, send: () => {}, end: () => {} };
    connections.push(connection);
    if (answer === 'unreachable') return Promise.reject(new TypeError('Failed to fetch'));
    if (answer instanceof Response) return Promise.resolve(answer.clone());
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        connection.open = true;
        connection.send = (text) => controller.enqueue(encoder.encode(text));
        connection.end = () => {
          connection.open = false;
          controller.close();
        };
        init?.signal?.addEventListener('abort', () => {
          if (!connection.open) return;
          connection.open = false;
          controller.error(new DOMException('Aborted', 'AbortError'));
        });
      },
    });
    if (answer === 'stream') connection.send(`retry: 2000\nid: ${after ?? '0-0'}\n\n`);
    const headers = { 'Content-Type': 'text/event-stream; charset=utf-8' };
    return Promise.resolve(new Response(body, { headers }));
  });

  return {
    connections,
    answerWith(next: Answer) {
      answer = next;
    },
    /** The connections that are held now. */
    held: () => connections.filter(({ open }) => open),
  };
}

/** An event as the server writes it. */
export function frame(id: string, data: unknown = {}, event = 'updated'): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
