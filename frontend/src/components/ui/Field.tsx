import type { ReactNode } from 'react';

interface Props {
  id: string;
  label: string;
  optional?: boolean;
  hint?: string;
  error: string | undefined;
  children: ReactNode;
}

/** A labelled control with its message; the control points at the message with `describedBy`. */
export function Field({ id, label, optional = false, hint, error, children }: Props) {
  return (
    <div className="field">
      <label className="label" htmlFor={id}>
        {label}
        {optional && <span className="optional"> optional</span>}
      </label>
      {children}
      <FieldMessage id={id} hint={hint} error={error} />
    </div>
  );
}

export function describedBy(id: string, hint: string | undefined, error: string | undefined) {
  return error || hint ? `${id}-message` : undefined;
}

export function FieldMessage(props: {
  id: string;
  hint?: string | undefined;
  error: string | undefined;
}) {
  const { id, hint, error } = props;
  if (!error && !hint) return null;
  return (
    <p id={`${id}-message`} className={error ? 'error' : 'hint'}>
      {error ?? hint}
    </p>
  );
}
