import { keyLabels } from '@/lib/keys';

interface Props {
  first: string;
  next: ReadonlyArray<{ readonly key: string; readonly title: string }>;
}

/**
 * "s" has been pressed: what may follow. Whoever knows goes on before it shows, and a reader is not interrupted: the
 * help sheet says the same.
 */
export function KeyHint({ first, next }: Props) {
  return (
    <div className="key-hint" aria-hidden="true">
      <kbd>{keyLabels(first)}</kbd>
      {next.map(({ key, title }) => (
        <span key={key}>
          <kbd>{keyLabels(key)}</kbd>
          {title}
        </span>
      ))}
    </div>
  );
}
