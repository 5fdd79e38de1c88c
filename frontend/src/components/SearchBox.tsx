import { Search, X } from 'lucide-react';
import { type FormEvent, useCallback, useEffect, useRef, useState } from 'react';
import { useLocation, useNavigate } from 'react-router';
import { Kbd } from '@/components/ui/Kbd';
import { useDebounce } from '@/hooks/useDebounce';
import { useListState } from '@/hooks/useListState';
import { useCommand } from '@/lib/commands';
import { incidentKeyIn } from '@/lib/incident-key';
import { DEFAULT_STATE, formatListState, QUERY_MAX, withFilter } from '@/lib/search-params';

const DEBOUNCE_MS = 200;

/**
 * The search of the list, in the top bar of every page. On the list it filters while one types; elsewhere Enter
 * goes to the list. "INC-42" and Enter opens that incident from anywhere.
 */
export function SearchBox() {
  const input = useRef<HTMLInputElement>(null);
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
    // Another page, or somebody else changed it: Back, a tab, Clear.
    if (inUrl !== written || seen.pathname !== pathname) setTyped(null);
  }

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
    if (onList && settled !== null && settled === typed) write(settled);
  }, [onList, settled, typed, write]);

  useCommand('search.focus', () => {
    input.current?.focus();
    input.current?.select();
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    const text = (typed ?? inUrl).trim();
    const key = incidentKeyIn(text);
    if (key) {
      setTyped(null);
      void navigate(`/incidents/${key}`);
    } else if (onList) {
      write(text);
    } else if (text !== '') {
      setTyped(null);
      void navigate(`/${formatListState({ ...DEFAULT_STATE, q: `${DEFAULT_STATE.q} ${text}` })}`);
    }
  }

  const value = typed ?? inUrl;
  return (
    <div role="search" className="search">
      <form onSubmit={submit}>
        <Search className="search-icon" aria-hidden="true" />
        <input
          ref={input}
          type="search"
          aria-label="Search incidents"
          placeholder="Search incidents, or INC-42"
          autoComplete="off"
          spellCheck={false}
          maxLength={QUERY_MAX}
          value={value}
          onChange={(event) => setTyped(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Escape' || event.nativeEvent.isComposing) return;
            // The first Escape empties the box, the second leaves it.
            if (value === '') input.current?.blur();
            else setTyped('');
            event.preventDefault();
          }}
        />
        {value === '' ? (
          <Kbd command="search.focus" />
        ) : (
          <button
            type="button"
            className="clear"
            aria-label="Clear the search"
            onClick={() => {
              setTyped('');
              if (onList) write('');
              input.current?.focus();
            }}
          >
            <X aria-hidden="true" />
          </button>
        )}
      </form>
    </div>
  );
}
