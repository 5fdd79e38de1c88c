import { CircleAlert, RotateCw } from 'lucide-react';
import { ApiError } from '@/api/problem';

interface Props {
  title: string;
  error: Error;
  onRetry: () => void;
}

/** A request that failed, with what somebody needs to report it and a way to try again. */
export function ErrorPanel({ title, error, onRetry }: Props) {
  const requestId = error instanceof ApiError ? error.requestId : null;
  return (
    <div className="state bad" role="alert">
      <CircleAlert aria-hidden="true" />
      <h2>{title}</h2>
      <p>{error.message}</p>
      {requestId && (
        <p className="meta">
          Request <code>{requestId}</code>
        </p>
      )}
      <button type="button" className="btn" onClick={onRetry}>
        <RotateCw aria-hidden="true" />
        Retry
      </button>
    </div>
  );
}
