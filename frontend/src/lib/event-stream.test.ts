import { describe, expect, test } from 'vitest';
import { type Block, createParser } from './event-stream';

function parse(...chunks: string[]): { blocks: Block[]; retries: number[] } {
  const blocks: Block[] = [];
  const retries: number[] = [];
  const read = createParser({
    onBlock: (block) => blocks.push(block),
    onRetry: (ms) => retries.push(ms),
  });
  for (const chunk of chunks) read(chunk);
  return { blocks, retries };
}

const STREAM =
  'retry: 2000\nid: 7-1\n\n:\n\nid: 7-2\nevent: created\ndata: {"a":1}\n\nid: 7-3\nevent: updated\ndata:{"b":\ndata: 2}\n\n';
const BLOCKS = [
  { id: '7-1', event: '', data: '' },
  { id: '7-2', event: 'created', data: '{"a":1}' },
  { id: '7-3', event: 'updated', data: '{"b":\n2}' },
];

describe('the parser of event streams', () => {
  test('reads events, places, heartbeats and the time to wait', () => {
    expect(parse(STREAM)).toEqual({ blocks: BLOCKS, retries: [2000] });
  });

  test.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ])('text may be cut anywhere, with lines that end in %s', (_name, end) => {
    // A last CR is only known to be no half of a CRLF once something follows it.
    const text = `${STREAM.replaceAll('\n', end)}:`;
    for (let at = 0; at <= text.length; at += 1) {
      expect(parse(text.slice(0, at), text.slice(at)).blocks).toEqual(BLOCKS);
    }
    expect(parse(...text).blocks).toEqual(BLOCKS);
  });

  test('what is not finished is not told', () => {
    expect(parse('id: 1\ndata: a\n').blocks).toEqual([]);
  });

  test('an id stays until the next one; a name does not', () => {
    expect(parse('id: 1\nevent: x\ndata: a\n\ndata: b\n\n').blocks).toEqual([
      { id: '1', event: 'x', data: 'a' },
      { id: '1', event: 'message', data: 'b' },
    ]);
  });

  test('only one space after the colon is no part of the value; unknown fields mean nothing', () => {
    expect(parse('data:  a: b\nfoo: bar\nretry: soon\nid: \0\ndata\n\n')).toEqual({
      blocks: [{ id: '', event: 'message', data: ' a: b\n' }],
      retries: [],
    });
  });
});
