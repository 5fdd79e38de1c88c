import { useNavigate } from 'react-router';
import { useViews } from '@/features/incidents/api/views';
import { asksForMe } from '@/features/incidents/model/query';
import { rememberView, type View, viewPath } from '@/features/incidents/model/views';
import { type CommandId, runCommand, useCommand } from '@/lib/commands';
import { useDisplayName } from '@/lib/display-name';

const PLACES = [
  'view.1',
  'view.2',
  'view.3',
  'view.4',
  'view.5',
  'view.6',
  'view.7',
  'view.8',
  'view.9',
] as const satisfies readonly CommandId[];

/** The keys of the first nine views, on every page. */
export function ViewKeys() {
  const { items } = useViews({ ask: false });
  return PLACES.map((command, place) => {
    const view = items[place];
    return view && <ViewKey key={command} command={command} view={view} />;
  });
}

function ViewKey({ command, view }: { command: CommandId; view: View }) {
  const navigate = useNavigate();
  const isUnknown = useDisplayName() === '' && asksForMe(view.q);
  useCommand(command, () => {
    if (isUnknown) runCommand('name.set');
    else {
      rememberView(view.id);
      void navigate(viewPath(view));
    }
  });
  return null;
}
