import { Download } from 'lucide-react';
import { useState } from 'react';
import { Popover } from '@/components/ui/Popover';
import { type ExportFormat, exportHref } from '@/features/incidents/api/queries';
import type { ListState } from '@/lib/search-params';

const FORMATS: ReadonlyArray<{ format: ExportFormat; name: string; purpose: string }> = [
  { format: 'csv', name: 'CSV', purpose: 'for spreadsheets' },
  { format: 'ndjson', name: 'NDJSON', purpose: 'for scripts' },
];

interface Props {
  state: ListState;
  /** How many incidents the file will hold, in words; null while that is not known. */
  total: string | null;
}

/** Everything that matches, on all pages, in the order of the list. The server streams it; the browser saves it. */
export function ExportMenu({ state, total }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <Popover
      label="Export"
      align="end"
      open={open}
      onOpenChange={setOpen}
      trigger={
        <button type="button" className="btn ghost icon" aria-label="Export" data-tip="Export">
          <Download aria-hidden="true" />
        </button>
      }
    >
      <p className="menu-title">Export {total === null ? 'what matches' : `all ${total}`}</p>
      {FORMATS.map(({ format, name, purpose }) => (
        // Without `download` a refusal would take the place of the page.
        <a
          key={format}
          className="menu-row"
          href={exportHref(state, format)}
          download
          onClick={() => setOpen(false)}
        >
          <span className="grow">{name}</span>
          <span className="hint">{purpose}</span>
        </a>
      ))}
    </Popover>
  );
}
