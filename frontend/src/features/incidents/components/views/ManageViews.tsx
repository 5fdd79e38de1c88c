import { Ellipsis, GripVertical } from 'lucide-react';
import {
  type KeyboardEvent,
  type PointerEvent,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import { Link } from 'react-router';
import { toast } from 'sonner';
import { PopoverContent } from '@/components/ui/PopoverContent';
import { useViewWrites } from '@/features/incidents/api/useViewWrites';
import {
  moved,
  rememberView,
  type View,
  type ViewList,
  viewPath,
} from '@/features/incidents/model/views';
import { formatCount } from '@/lib/numbers';
import type { ListState } from '@/lib/search-params';
import { reasonOf } from './reason';
import { ViewActions } from './ViewActions';
import './views.css';

interface Props {
  trigger: RefObject<HTMLElement | null>;
  views: ViewList;
  current: View | null;
  state: ListState;
  /** Whether the list is just what the current view says. */
  isExact: boolean;
  onClose: () => void;
}

/** All views, those as well that the strip has no room for: to go to, to put into order, to change. */
export function ManageViews({ trigger, views, current, state, isExact, onClose }: Props) {
  const writes = useViewWrites();
  const list = useRef<HTMLOListElement>(null);
  const [order, setOrder] = useState<readonly string[] | null>(null);
  const [dragged, setDragged] = useState<string | null>(null);
  const [changing, setChanging] = useState<string | null>(null);
  const [told, setTold] = useState('');

  const place = ({ id }: View) => order?.indexOf(id) ?? 0;
  const items = views.items.toSorted((a, b) => place(a) - place(b));
  const ids = items.map(({ id }) => id);

  // An element that changes its place loses the focus.
  const focused = useRef<Element | null>(null);
  useLayoutEffect(() => {
    if (document.activeElement !== focused.current && focused.current instanceof HTMLElement) {
      focused.current.focus();
    }
    focused.current = null;
  }, [order]);

  // What has opened under the last one in sight comes into sight.
  useEffect(() => {
    list.current?.querySelector(`[data-id="${changing}"]`)?.scrollIntoView({ block: 'nearest' });
  }, [changing]);

  function show(next: string[]) {
    focused.current = list.current?.contains(document.activeElement)
      ? document.activeElement
      : null;
    setOrder(next);
  }

  async function arrange(next: readonly string[]) {
    try {
      await writes.arrange({ order: [...next] });
    } catch (cause) {
      toast.error(`The views stay in their order. ${reasonOf(cause)}`);
    }
    setOrder((now) => (now === next ? null : now));
  }

  function move(view: View, to: number) {
    if (to < 0 || to >= ids.length) return;
    const next = moved(ids, view.id, to);
    show(next);
    setTold(`${view.name} is number ${to + 1} of ${ids.length} now.`);
    void arrange(next);
  }

  async function makeDefault(view: View) {
    setTold(`${view.name} is the default now.`);
    try {
      await writes.arrange({ default: view.id });
    } catch (cause) {
      toast.error(`“${view.name}” is not the default. ${reasonOf(cause)}`);
    }
  }

  async function update(view: View, change: Parameters<typeof writes.update>[1]) {
    try {
      await writes.update(view, change);
      toast.success(`Updated the view “${view.name}”`);
    } catch (cause) {
      toast.error(`“${view.name}” was not updated. ${reasonOf(cause)}`);
    }
  }

  async function remove(view: View) {
    const at = ids.indexOf(view.id);
    linkOf(ids[at + 1] ?? ids[at - 1])?.focus();
    setChanging(null);
    const wasDefault = views.default === view.id;
    const said = toast(`Deleted the view “${view.name}”`, {
      duration: 8_000,
      action: { label: 'Undo', onClick: () => void restore() },
    });
    async function restore() {
      try {
        await writes.restore(view, at, wasDefault);
      } catch (cause) {
        toast.error(`“${view.name}” was not put back. ${reasonOf(cause)}`);
      }
    }
    try {
      await writes.remove(view);
    } catch (cause) {
      toast.error(`“${view.name}” was not deleted. ${reasonOf(cause)}`, { id: said, action: null });
    }
  }

  function linkOf(id: string | undefined): HTMLElement | null {
    return list.current?.querySelector(`[data-id="${id}"] a`) ?? null;
  }

  /** Arrows go along the views; with Alt they take the view along. */
  function onKeyDown(event: KeyboardEvent) {
    const at = ids.findIndex((id) =>
      list.current?.querySelector(`[data-id="${id}"]`)?.contains(event.target as Node),
    );
    const view = items[at];
    if (view === undefined || event.target instanceof HTMLInputElement) return;
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step === 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (event.altKey) move(view, at + step);
    else linkOf(ids[at + step])?.focus();
  }

  // The pointer may be faster than the page is drawn.
  const dropped = useRef<string[] | null>(null);

  /** The view that is dragged goes where the pointer is; the rows are of one height then. */
  function onPointerMove({ clientY }: PointerEvent) {
    if (dragged === null || list.current === null) return;
    const below = [...list.current.children].findIndex(
      (row) => clientY < row.getBoundingClientRect().bottom,
    );
    const now = dropped.current ?? ids;
    const next = moved(now, dragged, below < 0 ? now.length - 1 : below);
    if (next.join() === now.join()) return;
    dropped.current = next;
    show(next);
  }

  function onDrop() {
    setDragged(null);
    if (dropped.current) void arrange(dropped.current);
    dropped.current = null;
  }

  return (
    <PopoverContent trigger={trigger} label="All views" align="start" onClose={onClose}>
      <div
        className="views"
        role="presentation"
        onKeyDown={onKeyDown}
        onPointerMove={onPointerMove}
        onLostPointerCapture={onDrop}
      >
        <ol ref={list}>
          {items.map((view, index) => (
            <li key={view.id} data-id={view.id} data-dragged={view.id === dragged || undefined}>
              <div className="view-row">
                <span
                  className="grip"
                  aria-hidden="true"
                  onPointerDown={(event) => {
                    event.preventDefault();
                    // The list stays where it is, unlike the row.
                    list.current?.setPointerCapture(event.pointerId);
                    setChanging(null);
                    setDragged(view.id);
                  }}
                >
                  <GripVertical />
                </span>
                <Link
                  to={viewPath(view)}
                  draggable={false}
                  aria-current={view === current ? 'page' : undefined}
                  onClick={() => {
                    rememberView(view.id);
                    onClose();
                  }}
                >
                  <span className="truncate" title={view.name}>
                    {view.name}
                  </span>{' '}
                  {view.id === views.default && <span className="is-default">default</span>}{' '}
                  <span className="count">
                    {view.count !== null && formatCount(view.count, view.countIsExact)}
                  </span>
                </Link>
                <button
                  type="button"
                  className="btn ghost icon small"
                  aria-label={`Change ${view.name}`}
                  aria-expanded={changing === view.id}
                  onClick={() => setChanging(changing === view.id ? null : view.id)}
                >
                  <Ellipsis aria-hidden="true" />
                </button>
              </div>
              {changing === view.id && (
                <ViewActions
                  view={view}
                  place={index}
                  count={items.length}
                  isDefault={view.id === views.default}
                  // What the list shows is what a view of one's own can become.
                  update={view.builtIn || (isExact && view === current) ? null : state}
                  onRename={async (name) => {
                    await writes.update(view, { name });
                  }}
                  onUpdate={(change) => void update(view, change)}
                  onDefault={() => void makeDefault(view)}
                  onMove={(to) => move(view, to)}
                  onDelete={() => void remove(view)}
                />
              )}
            </li>
          ))}
        </ol>
      </div>
      <p className="views-foot hint">
        Put them in order by dragging, or by <kbd>Alt</kbd> <kbd>↑</kbd> <kbd>↓</kbd>
      </p>
      <p className="sr-only" role="status">
        {told}
      </p>
    </PopoverContent>
  );
}
