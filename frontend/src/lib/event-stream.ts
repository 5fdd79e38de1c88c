/** One block of an event stream. `event` is empty where the block only says where the stream is. */
export interface Block {
  id: string;
  event: string;
  data: string;
}

interface Listener {
  onBlock: (block: Block) => void;
  /** How long to wait before connecting again, in milliseconds. */
  onRetry: (ms: number) => void;
}

/**
 * Reads Server-Sent Events as the HTML standard has them, from text that may be cut anywhere. Unlike EventSource it
 * also tells of blocks without data, whose id is where a stream that has told nothing yet can be resumed.
 */
export function createParser({ onBlock, onRetry }: Listener): (text: string) => void {
  let rest = '';
  let id = '';
  let event = '';
  let data: string[] = [];
  let hasId = false;

  function endBlock() {
    if (data.length > 0) onBlock({ id, event: event || 'message', data: data.join('\n') });
    else if (hasId) onBlock({ id, event: '', data: '' });
    event = '';
    data = [];
    hasId = false;
  }

  function read(line: string) {
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') data.push(value);
    else if (field === 'event') event = value;
    else if (field === 'retry' && /^\d+$/.test(value)) onRetry(Number(value));
    else if (field === 'id' && !value.includes('\0')) {
      id = value;
      hasId = true;
    }
  }

  return (text) => {
    // A CR at the very end may be half of a CRLF, so it is left until more has come.
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') endBlock();
      else read(line);
    }
  };
}
