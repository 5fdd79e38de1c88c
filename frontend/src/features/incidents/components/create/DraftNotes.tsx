import { useState } from 'react';
import { TimeAgo } from '@/components/TimeAgo';
import { dropDraft, type OtherDraft, otherDrafts } from '@/features/incidents/model/form-draft';

interface Props {
  /** Whether the form shows what was written earlier. */
  restored: boolean;
  onStartOver: () => void;
  onContinue: (draft: OtherDraft) => void;
  /** The last offer has gone, and the focus with it. */
  onNoMore: () => void;
}

/** What of earlier forms is kept: shown in the form, or offered. */
export function DraftNotes({ restored, onStartOver, onContinue, onNoMore }: Props) {
  const [others, setOthers] = useState(otherDrafts);
  const [next] = others;

  function throwAway(name: string) {
    dropDraft(name);
    const rest = otherDrafts();
    setOthers(rest);
    if (rest.length === 0) onNoMore();
  }

  return (
    <>
      {restored && (
        <p className="note" role="status">
          Your draft was kept.{' '}
          <button type="button" className="link" onClick={onStartOver}>
            Start over
          </button>
        </p>
      )}
      {next && (
        <div className="note other-draft" role="group" aria-label="Another draft">
          <p>
            Another draft is kept,{' '}
            <TimeAgo at={new Date(next.at).toISOString()} label="Written" ago />:{' '}
            <strong dir="auto">
              {next.values.title || next.values.service || 'without a title'}
            </strong>
          </p>
          <p className="row">
            <button
              type="button"
              className="btn small"
              onClick={() => {
                onContinue(next);
                setOthers(otherDrafts());
              }}
            >
              Continue it
            </button>
            <button type="button" className="btn small" onClick={() => throwAway(next.name)}>
              Throw it away
            </button>
          </p>
        </div>
      )}
    </>
  );
}
