import { type LiveState, useLiveState } from '@/lib/live-state';

const TEXTS: Record<LiveState, { word?: string; tip: string }> = {
  connecting: { tip: 'Live updates are about to begin' },
  live: { tip: 'Live: changes show as they happen' },
  reconnecting: {
    word: 'Reconnecting',
    tip: 'The server cannot be reached. What happens meanwhile is shown once it can',
  },
  polling: {
    word: 'Polling',
    tip: 'No live connection can be held, so changes are looked for every 10 s',
  },
  'signed-out': {
    word: 'Signed out',
    tip: 'Changes show again once you have signed in',
  },
};

/** How fresh the page is, by shape, colour and text. The word shows where something is to be known. */
export function LiveDot() {
  const state = useLiveState();
  const { word, tip } = TEXTS[state];
  return (
    <div className="live" data-state={state} data-tip={tip}>
      <span className="sr-only" role="status">
        {state !== 'connecting' && tip}
      </span>
      {word && (
        <span className="live-word" aria-hidden="true">
          {word}
        </span>
      )}
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
            strokeDasharray={state === 'live' || state === 'connecting' ? undefined : '4 2.28'}
          />
        )}
      </svg>
    </div>
  );
}
