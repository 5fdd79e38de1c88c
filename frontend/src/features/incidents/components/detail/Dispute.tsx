import { useId } from 'react';
import { TimeAgo } from '@/components/TimeAgo';
import type { Field } from '@/features/incidents/model/conflict';
import { fieldName, valueInWords } from '@/features/incidents/model/history';
import type { IncidentEvent } from '@/features/incidents/model/incident';
import { Value } from './EventSentences';

export type Side = 'theirs' | 'mine';

interface Props {
  field: Field;
  theirs: unknown;
  /** The event that set theirs, once it is known. */
  theirEvent: IncidentEvent | undefined;
  mine: unknown;
  side: Side | undefined;
  onChoose: (side: Side) => void;
}

/** One field that two people changed: both values side by side, and the choice between them. */
export function Dispute({ field, theirs, theirEvent, mine, side, onChoose }: Props) {
  const name = useId();
  const sides = [
    {
      value: 'theirs',
      text: theirs,
      whose: theirEvent ? (
        <>
          by <b dir="auto">{theirEvent.actor}</b>,{' '}
          <TimeAgo at={theirEvent.at} label="Changed" ago focusable={false} />
        </>
      ) : null,
    },
    { value: 'mine', text: mine, whose: 'not saved yet' },
  ] as const;
  return (
    <fieldset className="dispute" data-dispute={field}>
      <legend>Which {fieldName(field)}?</legend>
      <div className="sides">
        {sides.map(({ value, text, whose }) => (
          <div key={value} className="side">
            <label>
              <input
                type="radio"
                name={name}
                value={value}
                checked={side === value}
                onChange={() => onChoose(value)}
              />
              <span className="grow">
                {value === 'theirs' ? 'Theirs' : 'Mine'} <span className="meta">{whose}</span>
                {field !== 'summary' && (
                  <span className="side-value">
                    <Value text={valueInWords(field, text)} />
                  </span>
                )}
              </span>
            </label>
            {field === 'summary' && (
              <textarea
                className="input"
                dir="auto"
                readOnly
                rows={8}
                aria-label={`${value === 'theirs' ? 'Their' : 'My'} summary`}
                value={typeof text === 'string' ? text : ''}
                placeholder="Empty"
              />
            )}
          </div>
        ))}
      </div>
    </fieldset>
  );
}
