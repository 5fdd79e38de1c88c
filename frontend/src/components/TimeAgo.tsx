import { formatAbsolute, formatAge, useNow } from '@/lib/time';

interface Props {
  at: string;
  /** What happened then, said in the tooltip: "Opened". */
  label: string;
  /** Adds "ago", for running text. */
  ago?: boolean;
  /** In a table the row's link shows the tooltip on focus, so the time itself is no tab stop. */
  focusable?: boolean;
}

/** A relative time whose absolute value, local and UTC, is one hover or one focus away. */
export function TimeAgo({ at, label, ago = false, focusable = true }: Props) {
  const age = formatAge(useNow() - Date.parse(at));
  return (
    <time
      dateTime={at}
      data-tip={`${label} ${formatAbsolute(at)}`}
      tabIndex={focusable ? 0 : undefined}
    >
      {ago ? (age === 'now' ? 'just now' : `${age} ago`) : age}
    </time>
  );
}
