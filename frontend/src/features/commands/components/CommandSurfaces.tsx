import type { Shown } from '@/features/commands/model/shown';
import type { usePendingKeys } from '@/lib/commands';
import { HelpSheet } from './HelpSheet';
import { KeyHint } from './KeyHint';
import { Palette } from './Palette';
import { RowMenu } from './RowMenu';
import './palette.css';

interface Props {
  shown: Shown | null;
  pending: ReturnType<typeof usePendingKeys>;
  onClose: () => void;
}

/** What shows the command registry, in one lazy piece: the palette, the help, the menu of a row, the keys that may follow. */
export function CommandSurfaces({ shown, pending, onClose }: Props) {
  return (
    <>
      {shown?.what === 'palette' && <Palette place={shown.place} onClose={onClose} />}
      {shown?.what === 'help' && <HelpSheet place={shown.place} onClose={onClose} />}
      {shown?.what === 'menu' && <RowMenu key={shown.place.row} {...shown} onClose={onClose} />}
      {pending && <KeyHint {...pending} />}
    </>
  );
}
