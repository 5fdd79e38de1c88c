import { ChevronDown, ExternalLink } from 'lucide-react';
import { useId, useState } from 'react';
import { Link } from 'react-router';
import { SeverityBadge, StatusBadge } from '@/components/Badges';
import { TimeAgo } from '@/components/TimeAgo';
import { useSimilar } from '@/features/incidents/api/useSimilar';
import { type Incident, incidentKey, incidentPath } from '@/features/incidents/model/incident';

interface Props {
  title: string;
  service: string;
  /** Whether there is a summary, which could go along as a comment. */
  hasSummary: boolean;
  onFound: (incident: Incident, summaryGoesAlong: boolean) => void;
}

/**
 * Whether it has been reported already. Beside the form there is room for what is found; where there is none, it is a
 * line of always the same height that opens on demand, so that nothing moves under the hands of who is typing.
 */
export function SimilarIncidents({ title, service, hasSummary, onFound }: Props) {
  const id = useId();
  const found = useSimilar(title, service);
  const count = found?.length ?? 0;
  const [open, setOpen] = useState(false);
  const [goesAlong, setGoesAlong] = useState(true);
  // Said once, and not again with each letter that makes it one more or less.
  const [said, setSaid] = useState('');
  const phrase = `${count} similar open ${count === 1 ? 'incident' : 'incidents'}`;
  if (count > 0 && said === '') setSaid(phrase);
  if (count === 0 && said !== '') setSaid('');

  return (
    <section className="similar" aria-label="Already reported?" data-open={open || undefined}>
      <p className="sr-only" role="status">
        {said}
      </p>
      <h2 className="similar-head">
        <span>Already reported?</span>
        {count > 0 && (
          <button
            type="button"
            className="link"
            aria-expanded={open}
            aria-controls={id}
            onClick={() => setOpen(!open)}
          >
            {phrase}
            <ChevronDown aria-hidden="true" />
          </button>
        )}
      </h2>
      {count === 0 ? (
        <p className="hint similar-none">
          {found === null
            ? 'Open incidents with a similar title show here.'
            : `Nothing like it is open in ${service.trim()}.`}
        </p>
      ) : (
        <div id={id} className="similar-body">
          <ul>
            {found?.map((incident) => (
              <li key={incident.id}>
                <div className="row">
                  <SeverityBadge severity={incident.severity} />
                  <StatusBadge status={incident.status} />
                  <span className="meta num similar-age">
                    <TimeAgo at={incident.startedAt} label="Started" ago focusable={false} />
                  </span>
                </div>
                {/* A look at it must not cost the place in the form. */}
                <Link
                  id={`${id}-${incident.number}`}
                  className="similar-title"
                  to={incidentPath(incident)}
                  target="_blank"
                  dir="auto"
                >
                  {incident.title}
                  <ExternalLink aria-hidden="true" />
                  <span className="sr-only"> (opens in a new tab)</span>
                </Link>
                <div className="row">
                  <span className="meta num grow truncate">
                    {incidentKey(incident)} · {incident.owner ?? 'Unassigned'}
                  </span>
                  <button
                    type="button"
                    className="btn small"
                    aria-describedby={`${id}-${incident.number}`}
                    onClick={() => onFound(incident, hasSummary && goesAlong)}
                  >
                    This is it
                  </button>
                </div>
              </li>
            ))}
          </ul>
          {hasSummary && (
            <label className="similar-along">
              <input
                type="checkbox"
                checked={goesAlong}
                onChange={(event) => setGoesAlong(event.target.checked)}
              />
              Take my summary along, as the draft of a comment
            </label>
          )}
        </div>
      )}
    </section>
  );
}
