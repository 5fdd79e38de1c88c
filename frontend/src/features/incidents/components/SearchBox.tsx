import { useQuery } from '@tanstack/react-query';
import { Search, X } from 'lucide-react';
import {
  type FormEvent,
  type KeyboardEvent,
  lazy,
  Suspense,
  useCallback,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import { useLocation, useNavigate } from 'react-router';
import type { Mistake } from '@/api/problem';
import { Kbd } from '@/components/ui/Kbd';
import { listQuery, mistakesIn } from '@/features/incidents/api/queries';
import {
  freeTextOf,
  readQuery,
  termAround,
  valuesOf,
  withoutField,
} from '@/features/incidents/model/query';
import { useDebounce } from '@/hooks/useDebounce';
import { useListState } from '@/hooks/useListState';
import { useCommand } from '@/lib/commands';
import { incidentKeyIn } from '@/lib/incident-key';
import {
  DEFAULT_STATE,
  formatListState,
  type ListState,
  QUERY_MAX,
  withFilter,
} from '@/lib/search-params';
import type { CompletionHandle, CompletionProps } from './QueryCompletion';

const DEBOUNCE_MS = 200;

// Where it cannot be loaded, one types in full.
const NoCompletion: (props: CompletionProps) => null = () => null;
const QueryCompletion = lazy(() =>
  import('./QueryCompletion').catch(() => ({ default: NoCompletion })),
);

/** Nothing is sent while a term is being written that cannot be read yet: `sev:`, `"exact wor`. */
function isUnfinished(text: string, caret: number | null): boolean {
  const term = caret === null ? undefined : termAround(text, caret);
  return term !== undefined && (!term.readable || text.slice(term.start, term.end) === '-');
}

/** The one incident that a query is about, besides its filters. */
function keyOf(text: string): string | null {
  return incidentKeyIn(freeTextOf(text));
}

/**
 * The query of the list, in the top bar of every page. On the list it shows all of it, and filters while one types;
 * elsewhere Enter goes to the list. "INC-42" and Enter opens that incident from anywhere.
 */
export function SearchBox() {
  const input = useRef<HTMLInputElement>(null);
  const completion = useRef<CompletionHandle>(null);
  const id = useId();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const onList = pathname === '/';
  const { state, setState } = useListState();
  const inUrl = onList ? state.q : '';

  // What is being typed, null when the URL's text is shown. The two differ in spaces at the end, for instance.
  const [typed, setTyped] = useState<string | null>(null);
  const [written, setWritten] = useState('');
  const [seen, setSeen] = useState({ inUrl, pathname });
  if (seen.inUrl !== inUrl || seen.pathname !== pathname) {
    setSeen({ inUrl, pathname });
    // Another page, or somebody else changed it: Back, a tab, a chip, Clear.
    if (inUrl !== written || seen.pathname !== pathname) setTyped(null);
  }
  const value = typed ?? inUrl;

  // Null while the focus is elsewhere.
  const [caret, setCaret] = useState<number | null>(null);
  const [composing, setComposing] = useState(false);
  const [options, setOptions] = useState<{ active: string | undefined } | null>(null);
  const mistakes = useMistakes(state, onList ? value : null);
  const isWaiting = composing || isUnfinished(value, caret);

  const write = useCallback(
    (text: string) => {
      const q = text.trim();
      if (q === state.q) return;
      setWritten(q);
      setState(withFilter(state, { q }), { replace: true });
    },
    [state, setState],
  );

  const settled = useDebounce(typed, DEBOUNCE_MS);
  useEffect(() => {
    if (onList && settled !== null && settled === typed && !isWaiting) write(settled);
  }, [isWaiting, onList, settled, typed, write]);

  // A caret that has to be put somewhere once the text is there.
  const wanted = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (wanted.current === null) return;
    input.current?.setSelectionRange(wanted.current, wanted.current);
    wanted.current = null;
  });

  function put(text: string, at = text.length) {
    wanted.current = at;
    setTyped(text);
    setCaret(at);
  }

  useCommand('search.focus', () => {
    input.current?.focus();
    // What is typed next is a term of its own.
    put(value === '' || /\s$/.test(value) ? value : `${value} `);
  });

  // After the menu, the peek and the selection, which are asked first.
  useCommand(
    'close',
    () => {
      const q = withoutField(state.q, null);
      if (q === state.q) return false;
      setState(withFilter(state, { q }));
      return true;
    },
    { enabled: onList },
  );

  function submit(event: FormEvent) {
    event.preventDefault();
    const text = value.trim();
    const key = keyOf(text);
    if (key) {
      setTyped(null);
      void navigate(`/incidents/${key}`);
    } else if (onList) {
      write(text);
    } else if (text !== '') {
      setTyped(null);
      const anyStatus = valuesOf(text, 'status').length === 0;
      const q = anyStatus ? `${DEFAULT_STATE.q} ${text}` : text;
      void navigate(`/${formatListState({ ...DEFAULT_STATE, q })}`);
    }
  }

  /** One step back for every press: what is not sent yet, the words, then the box is left. */
  function stepBack() {
    const words = withoutField(value, null);
    if (value.trim() !== inUrl) setTyped(null);
    else if (words === value.trim()) input.current?.blur();
    else {
      put(words);
      if (onList) write(words);
    }
  }

  function clear() {
    setTyped(null);
    if (onList) setState(withFilter(state, { q: DEFAULT_STATE.q }));
    input.current?.focus();
  }

  function onKeyDown(event: KeyboardEvent<HTMLInputElement>) {
    if (event.nativeEvent.isComposing || completion.current?.onKeyDown(event)) return;
    if (event.key !== 'Escape') return;
    event.preventDefault();
    stepBack();
  }

  const isPlain = value.trim() === (onList ? DEFAULT_STATE.q : '');
  return (
    <div role="search" className="search">
      <form onSubmit={submit}>
        {onList && <Marks text={value} mistakes={mistakes} input={input} />}
        <Search className="search-icon" aria-hidden="true" />
        <input
          ref={input}
          type="text"
          role="combobox"
          enterKeyHint="search"
          aria-label="Search incidents"
          aria-autocomplete="list"
          aria-expanded={options !== null}
          aria-controls={options ? `${id}-options` : undefined}
          aria-activedescendant={options?.active}
          aria-invalid={mistakes.length > 0}
          aria-describedby={mistakes.length > 0 ? `${id}-mistakes` : undefined}
          placeholder={onList ? 'Search all incidents, or sev:1 owner:none' : 'Search, or INC-42'}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          maxLength={QUERY_MAX}
          value={value}
          onChange={({ target }) => {
            setTyped(target.value);
            setCaret(target.selectionStart);
          }}
          onSelect={({ currentTarget }) => setCaret(currentTarget.selectionStart)}
          onFocus={({ currentTarget }) => setCaret(currentTarget.selectionStart)}
          onBlur={() => setCaret(null)}
          onCompositionStart={() => setComposing(true)}
          onCompositionEnd={() => setComposing(false)}
          onKeyDown={onKeyDown}
        />
        {isPlain ? (
          <Kbd command="search.focus" />
        ) : (
          <button type="button" className="clear" aria-label="Clear the search" onClick={clear}>
            <X aria-hidden="true" />
          </button>
        )}
      </form>
      {onList && caret !== null && !composing && (
        <Suspense fallback={null}>
          <QueryCompletion
            ref={completion}
            id={`${id}-options`}
            text={value}
            caret={caret}
            state={state}
            onAccept={put}
            onOptions={setOptions}
          />
        </Suspense>
      )}
      <div
        id={`${id}-mistakes`}
        role="status"
        className={mistakes.length > 0 && !options ? 'popover mistakes' : 'sr-only'}
      >
        {mistakes.map(({ start, end, message }) => (
          <p key={`${start} ${message}`}>
            <code>{value.slice(start, end)}</code> {message}
          </p>
        ))}
      </div>
    </div>
  );
}

/**
 * What the server found wrong with the query of the list, as far as it still stands in the text; places are counted in
 * UTF-16 units of it. Null while there is no such text.
 */
function useMistakes(state: ListState, text: string | null): Mistake[] {
  // The page asks; here its answer is only looked at.
  const { error } = useQuery({ ...listQuery(state), enabled: false });
  if (text === null) return [];
  const points = Array.from(state.q);
  const shift = text.length - text.trimStart().length;
  const placeOf = (at: number) => shift + points.slice(0, at).join('').length;
  return mistakesIn(error)
    .map(({ start, end, message }) => ({ start: placeOf(start), end: placeOf(end), message }))
    .filter(({ end }) => text.slice(shift, end) === state.q.slice(0, end - shift));
}

interface MarksProps {
  text: string;
  mistakes: readonly Mistake[];
  input: React.RefObject<HTMLInputElement | null>;
}

/** Lies behind the text of the box, which it repeats unseen, to tint its terms and to underline what is wrong. */
function Marks({ text, mistakes, input }: MarksProps) {
  const marks = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const box = input.current;
    const follow = () => {
      if (box && marks.current) marks.current.scrollLeft = box.scrollLeft;
    };
    follow();
    box?.addEventListener('scroll', follow);
    return () => box?.removeEventListener('scroll', follow);
  });
  return (
    <div ref={marks} className="marks" aria-hidden="true">
      {partsOf(text, mistakes).map(({ start, end, kind }) => (
        <span key={start} className={kind}>
          {text.slice(start, end)}
        </span>
      ))}
    </div>
  );
}

/** The text from its beginning to its end: its terms that can be read, its mistakes, and what lies between. */
function partsOf(text: string, mistakes: readonly Mistake[]) {
  const terms = readQuery(text).filter(({ field, readable }) => field !== null && readable);
  const marked = [
    ...terms.map(({ start, end }) => ({ start, end, kind: 'term' })),
    ...mistakes.map(({ start, end }) => ({ start, end, kind: 'mistake' })),
  ].toSorted((a, b) => a.start - b.start);
  const parts: Array<{ start: number; end: number; kind: string | undefined }> = [];
  let at = 0;
  for (const part of [...marked, { start: text.length, end: text.length, kind: undefined }]) {
    if (part.start < at) continue;
    if (part.start > at) parts.push({ start: at, end: part.start, kind: undefined });
    if (part.end > part.start) parts.push(part);
    at = part.end;
  }
  return parts;
}
