import { type LiveState, useLiveState } from '@/lib/live-state';

const WORDS: Record<LiveState, { word: string; tip: string }> = {
  connecting: { word: 'Connecting', tip: 'Live updates are about to begin' },
  live: { word: 'Live', tip: 'Live: changes show as they happen' },
  reconnecting: {
    word: 'Reconnecting',
    tip: 'The server does not answer. What changes meanwhile will be shown once it does',
  },
  polling: {
    word: 'Polling',
    tip: 'No live connection can be held, so changes are looked for every 10 s',
  },
};

/** How fresh the page is, by shape, colour and word. While all is well the word is left to screen readers. */
export function LiveDot() {
  const state = useLiveState();
  const { word, tip } = WORDS[state];
  return (
    <div className="live" data-state={state} role="status" data-tip={tip}>
      <span className={state === 'live' || state === 'connecting' ? 'sr-only' : 'live-word'}>
        {word}
      </span>
      <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
        {state === 'polling' ? (
          <path d="M6 1 11 10.5H1z" fill="currentColor" />
        ) : (
          <circle
            cx="6"
            cy="6"
            r="4"
            fill={state === 'live' ? 'currentColor' : 'none'}
            stroke="currentColor"
            strokeWidth="2"
            strokeDasharray={state === 'reconnecting' ? '4 2.28' : undefined}
          />
        )}
      </svg>
    </div>
  );
}
