import { CircleHelp, Command, Plus, WifiOff } from 'lucide-react';
import { type CSSProperties, type ReactNode, useEffect, useRef } from 'react';
import { Link, Outlet, useLocation, useNavigate, useNavigationType } from 'react-router';
import { Toaster } from 'sonner';
import { LiveDot } from '@/components/LiveDot';
import { Logo } from '@/components/Logo';
import { PageBoundary } from '@/components/PageBoundary';
import { ThemeMenu } from '@/components/ThemeMenu';
import { SharedTooltip } from '@/components/ui/SharedTooltip';
import { useOnline } from '@/hooks/useOnline';
import { runCommand, tipOf, useCommand, useSingleKeys } from '@/lib/commands';
import { isFocusLost } from '@/lib/focus';
import { homePath, useHomePath } from '@/lib/home';
import { useCan } from '@/lib/session';
import { useTheme } from '@/lib/theme';

/** Wide enough for a sentence and two buttons, in the letters of the rest. */
const TOASTS = { '--width': '400px', fontFamily: 'inherit' } as CSSProperties;

interface Props {
  /** The box in the top bar. */
  search: ReactNode;
  /** Who is at the keyboard, and what is theirs. */
  person: ReactNode;
}

/** The frame of every page. */
export function Layout({ search, person }: Props) {
  const navigate = useNavigate();
  const { pathname, search: listSearch } = useLocation();
  const navigationType = useNavigationType();
  const online = useOnline();
  const main = useRef<HTMLElement>(null);
  const theme = useTheme();
  const home = useHomePath();
  const canWrite = useCan('write');

  useCommand('go.list', () => void navigate(homePath()));
  // The form offers the service of the list that it was opened from.
  const toForm = pathname === '/' ? { state: { list: listSearch } } : {};
  useCommand('incident.create', () => void navigate('/incidents/new', toForm));
  // What the tips say of keys changes with it.
  useSingleKeys();

  const shown = useRef(pathname);
  useEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    // Back and Forward keep the place where the page was; a new page starts at its top.
    if (navigationType !== 'POP') window.scrollTo(0, 0);
    // The link that led here is gone; without this the keyboard would start again at the top bar.
    if (isFocusLost()) main.current?.focus({ preventScroll: true });
  }, [pathname, navigationType]);

  return (
    <>
      <a className="skip-link" href="#content">
        Skip to content
      </a>
      <header className="topbar">
        <Link to={home} className="brand" aria-label="Incident Tracker, to the list">
          <Logo size={22} />
          <span className="brand-name">Incident Tracker</span>
        </Link>
        {search}
        <div className="topbar-actions">
          <LiveDot />
          <button
            type="button"
            className="btn ghost icon"
            aria-label="Command palette"
            data-tip={tipOf('palette.show')}
            onClick={(event) => runCommand('palette.show', event.currentTarget)}
          >
            <Command aria-hidden="true" />
          </button>
          <button
            type="button"
            className="btn ghost icon wide-only"
            aria-label="Keyboard shortcuts"
            data-tip={tipOf('help.show')}
            onClick={(event) => runCommand('help.show', event.currentTarget)}
          >
            <CircleHelp aria-hidden="true" />
          </button>
          <ThemeMenu />
          {person}
          {canWrite && (
            <Link
              to="/incidents/new"
              {...toForm}
              className="btn primary"
              data-tip={tipOf('incident.create')}
            >
              <Plus aria-hidden="true" />
              <span>
                New<span className="wide-only"> incident</span>
              </span>
            </Link>
          )}
        </div>
      </header>
      {!online && (
        <p className="notice offline" role="status">
          <WifiOff aria-hidden="true" />
          This device is offline. What you see may be out of date; changes wait, and are sent once
          it is back.
        </p>
      )}
      <main ref={main} id="content" tabIndex={-1}>
        <PageBoundary key={pathname}>
          <Outlet />
        </PageBoundary>
      </main>
      <SharedTooltip />
      {/* Under the pointer the toasts open out and their clocks stop; under the focus they do so as well. */}
      <div
        role="presentation"
        onFocus={(event) => hoverToasts(event.target, 'mousemove')}
        onBlur={(event) => hoverToasts(event.target, 'mouseout')}
      >
        <Toaster
          theme={theme}
          position="bottom-right"
          gap={8}
          style={TOASTS}
          toastOptions={{ className: 'toast' }}
        />
      </div>
    </>
  );
}

function hoverToasts(toast: EventTarget, type: 'mousemove' | 'mouseout') {
  const pointer = new MouseEvent(type, { bubbles: true, relatedTarget: document.body });
  toast.dispatchEvent(pointer);
}
