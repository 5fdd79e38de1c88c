import { useId, useRef, useState } from 'react';
import { MarkdownEditor } from '@/components/MarkdownEditor';
import { describedBy, FieldMessage } from '@/components/ui/Field';
import { Kbd } from '@/components/ui/Kbd';
import { draftNameOf } from '@/features/incidents/model/comment-draft';
import { checkText } from '@/features/incidents/model/validate';
import { useCommand } from '@/lib/commands';
import { useDisplayName } from '@/lib/display-name';
import { readStored, useStored, writeStored } from '@/lib/storage';

interface Props {
  incidentId: string;
  /** Grows whenever the keyboard should come here. */
  calls: number;
  onCall: () => void;
  /** Resolves to what is wrong with the text, or to null. */
  onPost: (body: string) => Promise<string | null>;
}

/** Where comments are written. The text is kept in the browser until it is sent. */
export function CommentBox({ incidentId, calls, onCall, onPost }: Props) {
  const id = useId();
  const area = useRef<HTMLFormElement>(null);
  const name = useDisplayName();
  const draftName = draftNameOf(incidentId);
  const text = useStored(draftName) ?? '';
  const [error, setError] = useState<string | undefined>();
  const [focused, setFocused] = useState(false);
  const isEmpty = text.trim() === '';

  async function send() {
    // Sent text is gone from the box at once, so that pressing twice sends once.
    const body = (readStored(draftName) ?? '').trim();
    if (body === '') return;
    const wrong = checkText('comment', body);
    setError(wrong ?? undefined);
    if (wrong !== null) return;
    writeStored(draftName, null);
    onCall();
    const refused = await onPost(body);
    if (refused === null) return;
    const next = readStored(draftName);
    writeStored(draftName, next ? `${body}\n\n${next}` : body);
    setError(refused);
  }

  // Only from within: the keys for sending must not send a forgotten draft from elsewhere on the page.
  useCommand('form.submit', () => void send(), { within: area, enabled: focused });

  return (
    <form
      ref={area}
      className="comment-box"
      aria-label="Comment"
      noValidate
      onFocus={() => setFocused(true)}
      onBlur={() => setFocused(false)}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <MarkdownEditor
        key={calls}
        id={id}
        aria-label="Comment"
        aria-invalid={error !== undefined}
        aria-describedby={describedBy(id, undefined, error)}
        autoFocus={calls > 0}
        rows={3}
        placeholder="What you found, tried or decided. Markdown."
        value={text}
        onChange={(next) => {
          writeStored(draftName, next === '' ? null : next);
          setError(undefined);
        }}
      />
      <FieldMessage id={id} error={error} />
      <div className="row">
        <button type="submit" className="btn primary" aria-disabled={isEmpty}>
          Comment
        </button>
        <span className="hint">
          <Kbd command="form.submit" /> sends it {name ? `as ${name}` : 'without a name'}
        </span>
      </div>
    </form>
  );
}
