import { type ComponentProps, type ComponentType, useEffect, useState } from 'react';
import { toast } from 'sonner';
import { placeNow } from '@/features/commands/model/place';
import { show, useShown } from '@/features/commands/model/shown';
import { useCommand, usePendingKeys } from '@/lib/commands';
import { whenIdle } from '@/lib/idle';
import type { CommandSurfaces } from './CommandSurfaces';

let Surfaces: ComponentType<ComponentProps<typeof CommandSurfaces>> | null = null;

async function load(): Promise<void> {
  Surfaces = (await import('./CommandSurfaces')).CommandSurfaces;
}

const close = () => show(null);

/** Opens what shows the commands. It is fetched while the browser is idle, so that it opens without a wait. */
export function CommandTools() {
  const shown = useShown();
  const pending = usePendingKeys();
  const isWanted = shown !== null || pending !== null;
  const [, setReady] = useState(Surfaces !== null);

  // From the help to the palette: the place is the one before both.
  const place = () => shown?.place ?? placeNow();
  useCommand('palette.show', () => show({ what: 'palette', place: place() }));
  useCommand('help.show', () => show({ what: 'help', place: place() }));

  // A failure here is told when it is really asked for.
  useEffect(() => whenIdle(() => void load().catch(() => null)), []);
  // What is shown lives outside of the tree, and ends with it all the same.
  useEffect(() => close, []);

  useEffect(() => {
    if (!isWanted || Surfaces !== null) return;
    load()
      .then(() => setReady(true))
      .catch(() => {
        close();
        toast.error('The menus could not be loaded. Reloading the page fetches them again.');
      });
  }, [isWanted]);

  return (
    Surfaces !== null && isWanted && <Surfaces shown={shown} pending={pending} onClose={close} />
  );
}
