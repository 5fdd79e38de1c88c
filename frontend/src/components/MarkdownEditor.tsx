import { lazy, type Ref, Suspense, useState } from 'react';
import { whenIdle } from '@/lib/idle';
import { isComposing } from '@/lib/keys';
import { PlainText } from './PlainText';

// Where it cannot be loaded, the text is read as it was written.
const loadMarkdown = () => import('./Markdown').catch(() => ({ default: PlainText }));
const Markdown = lazy(loadMarkdown);
// What shows Markdown comes while the browser is idle, and this with it.
whenIdle(() => void loadMarkdown());

interface Props {
  id: string;
  value: string;
  onChange: (value: string) => void;
  onEscape?: () => void;
  inputRef?: Ref<HTMLTextAreaElement>;
  rows?: number;
  placeholder?: string;
  autoFocus?: boolean;
  'aria-label'?: string;
  'aria-invalid'?: boolean;
  'aria-describedby'?: string | undefined;
}

/** Write on one side, see on the other. */
export function MarkdownEditor({
  value,
  onChange,
  onEscape,
  inputRef,
  id,
  rows = 10,
  placeholder = 'What happens, who is affected, what was tried. Markdown.',
  ...aria
}: Props) {
  const [preview, setPreview] = useState(false);
  return (
    <div className="editor">
      <div className="segments" role="group" aria-label="Editor">
        <button type="button" aria-pressed={!preview} onClick={() => setPreview(false)}>
          Write
        </button>
        <button type="button" aria-pressed={preview} onClick={() => setPreview(true)}>
          Preview
        </button>
      </div>
      {preview ? (
        <div className="preview">
          {value.trim() === '' ? (
            <p className="hint">Nothing to preview.</p>
          ) : (
            <MarkdownText text={value} />
          )}
        </div>
      ) : (
        <textarea
          {...aria}
          id={id}
          dir="auto"
          ref={inputRef}
          className="input"
          rows={rows}
          value={value}
          placeholder={placeholder}
          onChange={(event) => onChange(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Escape' || isComposing(event.nativeEvent) || !onEscape) return;
            event.preventDefault();
            onEscape();
          }}
        />
      )}
    </div>
  );
}

/** Rendered Markdown; until the renderer is loaded, the text as it was written. */
export function MarkdownText({ text }: { text: string }) {
  return (
    <Suspense fallback={<PlainText text={text} />}>
      <Markdown text={text} />
    </Suspense>
  );
}
