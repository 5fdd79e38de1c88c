import { type FormEvent, type RefObject, useId, useState } from 'react';
import { toast } from 'sonner';
import { FieldMessage } from '@/components/ui/Field';
import { PopoverContent } from '@/components/ui/PopoverContent';
import { useViewWrites } from '@/features/incidents/api/useViewWrites';
import { useDensity } from '@/features/incidents/model/density';
import { keptOf, rememberView, VIEW_NAME_MAX, type View } from '@/features/incidents/model/views';
import { useListState } from '@/hooks/useListState';
import type { ListState } from '@/lib/search-params';
import { reasonOf } from './reason';
import './views.css';

interface Props {
  trigger: RefObject<HTMLElement | null>;
  state: ListState;
  /** The view that the list was before it was changed. */
  opened: View | null;
  onClose: () => void;
}

const ORDERS: Record<ListState['sort'], string> = {
  severity: 'severity',
  status: 'status',
  title: 'title',
  number: 'number',
  service: 'service',
  owner: 'owner',
  createdAt: 'time of creation',
  updatedAt: 'time of update',
};

/** Keeps the list under a name, or as what one of the views is from now on. */
export function SaveView({ trigger, state, opened, onClose }: Props) {
  const id = useId();
  const { setState } = useListState();
  const writes = useViewWrites();
  const density = useDensity();
  const [name, setName] = useState('');
  const [withDensity, setWithDensity] = useState(state.density !== null);
  const [error, setError] = useState<string>();
  const [isSending, setIsSending] = useState(false);
  const own = opened?.builtIn === false ? opened : null;
  const kept = keptOf({ ...state, density: withDensity ? density : null });

  async function send(write: () => Promise<string>) {
    if (isSending) return;
    setIsSending(true);
    setError(undefined);
    try {
      const told = await write();
      setState({ ...state, density: kept.density }, { replace: true });
      toast.success(told);
      onClose();
    } catch (cause) {
      setError(reasonOf(cause));
      document.getElementById(id)?.focus();
    } finally {
      setIsSending(false);
    }
  }

  function save(event: FormEvent) {
    event.preventDefault();
    if (name.trim() === '') {
      setError('Give it a name.');
      document.getElementById(id)?.focus();
      return;
    }
    void send(async () => {
      const saved = await writes.save({ name, ...kept });
      rememberView(saved.id);
      return `Saved the view “${saved.name}”`;
    });
  }

  function update(view: View) {
    void send(async () => {
      await writes.update(view, kept);
      rememberView(view.id);
      return `Updated the view “${view.name}”`;
    });
  }

  return (
    <PopoverContent trigger={trigger} label="Save view" align="start" onClose={onClose}>
      <form className="save-view" onSubmit={save} noValidate>
        <div>
          <label className="label" htmlFor={id}>
            Name
          </label>
          <input
            id={id}
            className="input"
            autoComplete="off"
            maxLength={VIEW_NAME_MAX}
            placeholder="Payments, unassigned"
            value={name}
            aria-invalid={error !== undefined}
            aria-describedby={error === undefined ? `${id}-kept` : `${id}-message`}
            onChange={(event) => setName(event.target.value)}
          />
          <FieldMessage id={id} error={error} />
        </div>
        <dl id={`${id}-kept`} className="kept">
          <dt>Shows</dt>
          <dd>{state.q === '' ? 'every incident' : <code>{state.q}</code>}</dd>
          <dt>Order</dt>
          <dd>
            {ORDERS[state.sort]}, {state.order === 'asc' ? 'ascending' : 'descending'}
          </dd>
        </dl>
        <label className="kept-density">
          <input
            type="checkbox"
            checked={withDensity}
            onChange={(event) => setWithDensity(event.target.checked)}
          />
          Always with {density} rows
        </label>
        <div className="row">
          <button type="submit" className="btn primary" aria-disabled={isSending}>
            Save as new
          </button>
          {own && (
            <button
              type="button"
              className="btn"
              aria-disabled={isSending}
              onClick={() => update(own)}
            >
              Update <span className="truncate">“{own.name}”</span>
            </button>
          )}
        </div>
      </form>
    </PopoverContent>
  );
}
