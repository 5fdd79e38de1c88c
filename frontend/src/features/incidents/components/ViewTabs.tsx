import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { NameForm } from '@/components/NameMenu';
import { Popover } from '@/components/ui/Popover';
import { sameView, viewsFor } from '@/features/incidents/model/views';
import { useDisplayName } from '@/lib/display-name';
import { formatListState, type ListState } from '@/lib/search-params';

export function ViewTabs({ state }: { state: ListState }) {
  const name = useDisplayName();
  return (
    <nav className="tabs" aria-label="Views">
      {viewsFor(name).map((view) =>
        view.state === null ? (
          <AskForName key={view.name} />
        ) : (
          <Link
            key={view.name}
            className="tab"
            to={{ pathname: '/', search: formatListState(view.state) }}
            aria-current={sameView(state, view.state) ? 'page' : undefined}
          >
            {view.name}
          </Link>
        ),
      )}
    </nav>
  );
}

/** "Mine" before anybody said who they are: it asks, then goes there. */
function AskForName() {
  const [open, setOpen] = useState(false);
  const navigate = useNavigate();

  function onDone(name: string) {
    setOpen(false);
    const mine = viewsFor(name).find((view) => view.name === 'Mine');
    if (mine?.state) void navigate({ pathname: '/', search: formatListState(mine.state) });
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
