import { Bookmark, ChevronDown } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { NameForm } from '@/components/NameMenu';
import { Popover } from '@/components/ui/Popover';
import { useKeepViews, useViews } from '@/features/incidents/api/views';
import { asksForMe, isReadable } from '@/features/incidents/model/query';
import {
  currentView,
  openedView,
  rememberView,
  type View,
  viewPath,
} from '@/features/incidents/model/views';
import { useFocusBack } from '@/hooks/useFocusBack';
import { useCommand } from '@/lib/commands';
import { useDisplayName } from '@/lib/display-name';
import { lazyPart } from '@/lib/lazy-part';
import { formatCount, formatShort } from '@/lib/numbers';
import type { ListState } from '@/lib/search-params';

const ManageViews = lazyPart(async () => (await import('./views/ManageViews')).ManageViews);
const SaveView = lazyPart(async () => (await import('./views/SaveView')).SaveView);

/** So much of the neighbours is in sight, in pixels: the strip goes on there. */
const EDGE = 32;

/** The views, and what can be done with them. */
export function ViewTabs({ state }: { state: ListState }) {
  const name = useDisplayName();
  const views = useViews();
  useKeepViews(views);
  const opened = openedView();
  const { view: current, isExact } = currentView(state, views.items, opened);
  const [shown, setShown] = useState<'all' | 'save' | null>(null);
  const close = () => setShown(null);
  const strip = useRef<HTMLElement>(null);
  const allButton = useRef<HTMLButtonElement>(null);
  const saveButton = useRef<HTMLButtonElement>(null);

  const currentId = current?.id;
  useEffect(() => {
    if (isExact) rememberView(currentId ?? null);
  }, [isExact, currentId]);

  // Of more tabs than there is room for, the current one is in sight.
  useEffect(() => {
    const tab = strip.current?.querySelector<HTMLElement>('[aria-current]');
    if (!strip.current || !tab) return;
    const { clientWidth, scrollLeft } = strip.current;
    const first = tab.offsetLeft + tab.offsetWidth + EDGE - clientWidth;
    const last = Math.max(first, tab.offsetLeft - EDGE);
    strip.current.scrollLeft = Math.min(Math.max(scrollLeft, first), last);
  }, [currentId, views.items]);

  // The browser is content when a corner of what has the focus can be seen.
  useEffect(() => {
    const tabs = strip.current;
    const show = ({ target }: FocusEvent) =>
      (target as Element).scrollIntoView({ block: 'nearest', inline: 'nearest' });
    tabs?.addEventListener('focusin', show);
    return () => tabs?.removeEventListener('focusin', show);
  }, []);

  const canSave = !isExact && isReadable(state.q);
  useCommand('view.save', () => setShown('save'), { enabled: canSave });
  useCommand('view.manage', () => setShown('all'));
  // The button has nothing more to save then.
  useFocusBack(shown === 'save', () => strip.current?.querySelector<HTMLElement>('[aria-current]'));

  return (
    <>
      <nav
        ref={strip}
        className="tabs"
        aria-label="Views"
        data-stale={!views.isAnswer || undefined}
      >
        {views.items.map((view) =>
          asksForMe(view.q) && name === '' ? (
            <AskForName key={view.id} view={view} />
          ) : (
            <Link
              key={view.id}
              className="tab"
              to={viewPath(view)}
              aria-current={view === current ? 'page' : undefined}
              data-tip={tipFor(view)}
              onClick={() => rememberView(view.id)}
            >
              <span className="truncate">{view.name}</span> <Count view={view} />
            </Link>
          ),
        )}
      </nav>
      <button
        ref={allButton}
        type="button"
        className="btn ghost icon"
        aria-label="All views"
        aria-haspopup="dialog"
        aria-expanded={shown === 'all'}
        data-tip="All views"
        onClick={() => setShown(shown === 'all' ? null : 'all')}
      >
        <ChevronDown aria-hidden="true" />
      </button>
      {canSave && (
        <button
          ref={saveButton}
          type="button"
          className="btn ghost"
          aria-haspopup="dialog"
          aria-expanded={shown === 'save'}
          onClick={() => setShown(shown === 'save' ? null : 'save')}
        >
          <Bookmark aria-hidden="true" />
          <span className="save-word">Save view</span>
        </button>
      )}
      <ManageViews
        isWanted={shown === 'all'}
        onFailed={close}
        trigger={allButton}
        views={views}
        current={current}
        state={state}
        isExact={isExact}
        onClose={close}
      />
      <SaveView
        isWanted={shown === 'save' && canSave}
        onFailed={close}
        trigger={saveButton}
        state={state}
        opened={views.items.find(({ id }) => id === opened) ?? current}
        onClose={close}
      />
    </>
  );
}

/** A short name needs no more room, and a small number is told as it is. */
function tipFor({ name, count, countIsExact }: View): string | undefined {
  const isLong = name.length > 24;
  if (count === null || count < 1000) return isLong ? name : undefined;
  return `${name}: ${formatCount(count, countIsExact)}`;
}

function Count({ view: { count, countIsExact } }: { view: View }) {
  return <span className="count">{count !== null && formatShort(count, countIsExact)}</span>;
}

/** What is one's own, before anybody said who they are: it asks, then goes there. */
function AskForName({ view }: { view: View }) {
  const [open, setOpen] = useState(false);
  const navigate = useNavigate();

  function onDone() {
    setOpen(false);
    rememberView(view.id);
    void navigate(viewPath(view));
  }

  return (
    <Popover
      label="Your name"
      open={open}
      onOpenChange={setOpen}
      trigger={
        <button type="button" className="tab" data-tip={tipFor(view)}>
          <span className="truncate">{view.name}</span>
        </button>
      }
    >
      <NameForm onDone={onDone} />
    </Popover>
  );
}
