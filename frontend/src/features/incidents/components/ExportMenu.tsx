import { Download } from 'lucide-react';
import { useState } from 'react';
import { askSession } from '@/api/session';
import { signedIn } from '@/api/write';
import { Popover } from '@/components/ui/Popover';
import { type ExportFormat, exportHref } from '@/features/incidents/api/queries';
import type { ListState } from '@/lib/search-params';
import { sessionNow } from '@/lib/session';

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
          onClick={(event) => {
            setOpen(false);
            if (sessionNow().session.mode === 'open') return;
            event.preventDefault();
            void downloadSignedIn(event.currentTarget.href);
          }}
        >
          <span className="grow">{name}</span>
          <span className="hint">{purpose}</span>
        </a>
      ))}
    </Popover>
  );
}

/** What the browser loads by itself tells the page of no refusal, so that the session is looked at first. */
async function downloadSignedIn(href: string): Promise<void> {
  await askSession();
  await signedIn();
  const link = document.createElement('a');
  link.href = href;
  link.download = '';
  link.click();
}
