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
import { Kbd } from '@/components/ui/Kbd';
import { freeTextOf, termAround, valuesOf, withoutField } from '@/features/incidents/model/query';
import { useDebounce } from '@/hooks/useDebounce';
import { useListState } from '@/hooks/useListState';
import { useCommand } from '@/lib/commands';
import { incidentKeyIn } from '@/lib/incident-key';
import { isComposing } from '@/lib/keys';
import { DEFAULT_STATE, formatListState, QUERY_MAX, withFilter } from '@/lib/search-params';
import type { CompletionHandle, CompletionProps } from './QueryCompletion';
import { QueryMarks, useMistakes } from './QueryMarks';

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
    if (isComposing(event.nativeEvent) || completion.current?.onKeyDown(event)) return;
    if (event.key !== 'Escape') return;
    event.preventDefault();
    stepBack();
  }

  const isPlain = value.trim() === (onList ? DEFAULT_STATE.q : '');
  return (
    <div role="search" className="search">
      <form onSubmit={submit}>
        {onList && <QueryMarks text={value} mistakes={mistakes} input={input} />}
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
