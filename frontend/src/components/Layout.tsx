import { CircleHelp, Plus, WifiOff } from 'lucide-react';
import { type CSSProperties, useEffect, useRef, useState } from 'react';
import { Link, Outlet, useLocation, useNavigate, useNavigationType } from 'react-router';
import { Toaster } from 'sonner';
import { HelpSheet } from '@/components/HelpSheet';
import { LiveDot } from '@/components/LiveDot';
import { NameMenu } from '@/components/NameMenu';
import { PageBoundary } from '@/components/PageBoundary';
import { SearchBox } from '@/components/SearchBox';
import { ThemeMenu } from '@/components/ThemeMenu';
import { SharedTooltip } from '@/components/ui/SharedTooltip';
import { useOnline } from '@/hooks/useOnline';
import { useCommand } from '@/lib/commands';
import { useTheme } from '@/lib/theme';

/** Wide enough for a sentence and two buttons, in the letters of the rest. */
const TOASTS = { '--width': '400px', fontFamily: 'inherit' } as CSSProperties;

export function Layout() {
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const navigationType = useNavigationType();
  const online = useOnline();
  const main = useRef<HTMLElement>(null);
  const theme = useTheme();
  const [helpOpen, setHelpOpen] = useState(false);

  useCommand('go.list', () => void navigate('/'));
  useCommand('incident.create', () => void navigate('/incidents/new'));
  useCommand('help.show', () => setHelpOpen(true));

  useEffect(() => {
    // Back and Forward keep the place where the page was; a new page starts at its top.
    if (navigationType === 'POP') return;
    window.scrollTo(0, 0);
    // The link that led here is gone; without this the keyboard would start again at the top bar.
    if (document.activeElement === document.body) main.current?.focus({ preventScroll: true });
  }, [pathname, navigationType]);

  return (
    <>
      <a className="skip-link" href="#content">
        Skip to content
      </a>
      <header className="topbar">
        <Link to="/" className="brand" aria-label="Incident Tracker, all open incidents">
          <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
            <rect width="24" height="24" rx="6" fill="var(--accent)" />
            <path
              d="M5 13h3.2l2-6 3.4 10 2-4H19"
              fill="none"
              stroke="var(--on-accent)"
              strokeWidth="2"
              strokeLinecap="round"
              strokeLinejoin="round"
            />
          </svg>
          <span className="brand-name">Incident Tracker</span>
        </Link>
        <SearchBox />
        <div className="topbar-actions">
          <LiveDot />
          <button
            type="button"
            className="btn ghost icon wide-only"
            aria-label="Keyboard shortcuts"
            data-tip="Keyboard shortcuts (?)"
            onClick={() => setHelpOpen(true)}
          >
            <CircleHelp aria-hidden="true" />
          </button>
          <ThemeMenu />
          <NameMenu />
          <Link to="/incidents/new" className="btn primary" data-tip="New incident (c)">
            <Plus aria-hidden="true" />
            <span>
              New<span className="wide-only"> incident</span>
            </span>
          </Link>
        </div>
      </header>
      {!online && (
        <p className="offline" role="status">
          <WifiOff aria-hidden="true" />
          This device is offline. What you see may be out of date; what you type is kept.
        </p>
      )}
      <main ref={main} id="content" tabIndex={-1}>
        <PageBoundary key={pathname}>
          <Outlet />
        </PageBoundary>
      </main>
      {helpOpen && <HelpSheet onClose={() => setHelpOpen(false)} />}
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
