import { useState } from 'react';
import { Link, type To, useNavigate } from 'react-router';
import { NameForm } from '@/components/NameMenu';
import { Popover } from '@/components/ui/Popover';
import { currentView, stateOf, VIEWS, type View } from '@/features/incidents/model/views';
import { useDisplayName } from '@/lib/display-name';
import { formatListState, type ListState } from '@/lib/search-params';

function hrefOf(view: View) {
  return { pathname: '/', search: formatListState(stateOf(view)) };
}

export function ViewTabs({ state }: { state: ListState }) {
  const name = useDisplayName();
  const current = currentView(state, VIEWS);
  return (
    <nav className="tabs" aria-label="Views">
      {VIEWS.map((view) =>
        view.id === 'mine' && name === '' ? (
          <AskForName key={view.id} to={hrefOf(view)} />
        ) : (
          <Link
            key={view.id}
            className="tab"
            to={hrefOf(view)}
            aria-current={view === current ? 'page' : undefined}
          >
            {view.name}
          </Link>
        ),
      )}
    </nav>
  );
}

/** "Mine" before anybody said who they are: it asks, then goes there. */
function AskForName({ to }: { to: To }) {
  const [open, setOpen] = useState(false);
  const navigate = useNavigate();

  function onDone() {
    setOpen(false);
    void navigate(to);
  }

  return (
    <Popover
      label="Your name"
      open={open}
      onOpenChange={setOpen}
      trigger={
        <button type="button" className="tab">
          Mine
        </button>
      }
    >
      <NameForm onDone={onDone} />
    </Popover>
  );
}
