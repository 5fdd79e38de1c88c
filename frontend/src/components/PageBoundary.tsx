import { RotateCw } from 'lucide-react';
import { Component, type ReactNode, Suspense } from 'react';

interface State {
  error: Error | null;
}

/** A chunk that is gone: the server was updated while this tab was open, or the network failed. */
function isChunkError(error: Error): boolean {
  return /dynamically imported module|importing a module script|preload/i.test(error.message);
}

/** A page that fails to load or to draw leaves the rest of the app standing and says what can be done. */
export class PageBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: Error): State {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (error === null)
      return <Suspense fallback={<PageSkeleton />}>{this.props.children}</Suspense>;
    const chunk = isChunkError(error);
    return (
      <div className="state" role="alert">
        <h1>{chunk ? 'This page could not be loaded' : 'Something broke on this page'}</h1>
        <p>
          {chunk
            ? 'The app may have been updated since this tab was opened, or the connection failed. Reloading fetches it again; drafts are kept.'
            : 'It is our mistake, not yours. Reloading usually helps; drafts are kept.'}
        </p>
        <button type="button" className="btn" onClick={() => window.location.reload()}>
          <RotateCw aria-hidden="true" />
          Reload
        </button>
      </div>
    );
  }
}

function PageSkeleton() {
  return (
    <div className="page skeletons" role="status" aria-label="Loading">
      <div className="skeleton h-7 w-2/3" />
      <div className="skeleton mt-4 h-4 w-1/3" />
      <div className="skeleton mt-8 h-40 w-full" />
    </div>
  );
}
