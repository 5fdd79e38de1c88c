import { useEffect } from 'react';
import { placeNow } from '@/features/commands/model/place';
import { show, useShown } from '@/features/commands/model/shown';
import { useCommand, usePendingKeys } from '@/lib/commands';
import { lazyPart } from '@/lib/lazy-part';

const Surfaces = lazyPart(async () => (await import('./CommandSurfaces')).CommandSurfaces);

const close = () => show(null);

/** Opens what shows the commands. */
export function CommandTools() {
  const shown = useShown();
  const pending = usePendingKeys();

  // From the help to the palette: the place is the one before both.
  const place = () => shown?.place ?? placeNow();
  useCommand('palette.show', () => show({ what: 'palette', place: place() }));
  useCommand('help.show', () => show({ what: 'help', place: place() }));

  // What is shown lives outside of the tree, and ends with it all the same.
  useEffect(() => close, []);

  return (
    <Surfaces
      isWanted={shown !== null || pending !== null}
      onFailed={close}
      // The second key of a sequence is pressed while the hint to it is on its way.
      takesKeys={shown !== null}
      shown={shown}
      pending={pending}
      onClose={close}
    />
  );
}
