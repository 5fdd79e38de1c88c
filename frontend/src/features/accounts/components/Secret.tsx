import { Check, Copy } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { copyText } from '@/lib/clipboard';

interface Props {
  /** What it is, as a label. */
  label: string;
  value: string;
  /** What one has to know of it. */
  hint: string;
  onDone: () => void;
}

/** Something that the server tells once and nobody can look up later. */
export function Secret({ label, value, hint, onDone }: Props) {
  const [told, setTold] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, []);

  async function copy() {
    const isDone = await copyText(value);
    setTold(isDone ? 'Copied' : 'This browser does not let the page copy. Copy it by hand.');
    if (!isDone) field.current?.select();
  }

  return (
    <div className="secret">
      <p>{hint}</p>
      <div className="row">
        <input
          ref={field}
          className="input"
          aria-label={label}
          readOnly
          value={value}
          onFocus={(event) => event.currentTarget.select()}
        />
        <button type="button" className="btn" onClick={() => void copy()}>
          {told === 'Copied' ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
          Copy
        </button>
        <button type="button" className="btn" onClick={onDone}>
          Done
        </button>
      </div>
      <p className="hint" role="status">
        {told}
      </p>
    </div>
  );
}
