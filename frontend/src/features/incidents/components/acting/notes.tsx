import { type ReactNode, useSyncExternalStore } from 'react';
import { toast } from 'sonner';
import { Kbd } from '@/components/ui/Kbd';
import { countOf, inPast, notDone, subjectOf } from '@/features/incidents/model/acts';
import { listOf } from '@/features/incidents/model/history';
import {
  type Incident,
  type IncidentPatch,
  incidentKey,
} from '@/features/incidents/model/incident';
import type { Failure, RowMark } from '@/features/incidents/model/triage';
import type { Change, Done } from '@/features/incidents/model/undo-stack';

/** Long enough to read, notice the mistake and reach the button. */
const OFFERED_MS = 8_000;
/** Failures come together, when a line breaks; they are told together. */
const GATHERED_MS = 200;

interface Button {
  label: ReactNode;
  run: () => void;
}

/** A place for one toast, which changes its words as long as it is there. */
function createPlace() {
  let id: string | number | undefined;
  let turn = 0;
  const gone = () => {
    id = undefined;
  };

  function show(
    kind: 'success' | 'error' | 'message',
    words: ReactNode,
    action?: Button,
    { stays = false, cancel }: { stays?: boolean; cancel?: Button } = {},
  ) {
    turn += 1;
    id = toast[kind](words, {
      ...(id !== undefined && { id }),
      // Its clock begins again only where the time is another one.
      duration: stays ? Number.POSITIVE_INFINITY : OFFERED_MS + (turn % 2),
      action: action && { label: action.label, onClick: (event) => press(event, action) },
      cancel: cancel && { label: cancel.label, onClick: cancel.run },
      onAutoClose: gone,
      onDismiss: gone,
    });
  }

  function hide() {
    if (id !== undefined) toast.dismiss(id);
    gone();
  }

  return { isShown: () => id !== undefined, show, hide };
}

/** The toast changes, or is taken away, by what the button does. */
function press(event: { preventDefault: () => void }, { run }: Button) {
  event.preventDefault();
  run();
}

/** Spoken at once; what succeeds waits for its turn in the region of the toasts. */
function Alarm({ children }: { children: ReactNode }) {
  return <span role="alert">{children}</span>;
}

function lowered(words: string): string {
  return words.charAt(0).toLowerCase() + words.slice(1);
}

interface Handlers {
  onUndo: (done: Done) => void;
  /** Whether it is what the key would take back. */
  isNext: (done: Done) => boolean;
  /** Whenever that may be another. Returns how to stop. */
  onNext: (listener: () => void) => () => void;
  onRedo: (undone: Change) => void;
  /** Of all that failed. */
  onRetry: () => void;
  onDismiss: () => void;
}

export type Notes = ReturnType<typeof notesOf>;

/** What is told of changes, in toasts: at most one of what succeeded, and one of what did not. */
export function notesOf({ onUndo, isNext, onNext, onRedo, onRetry, onDismiss }: Handlers) {
  const good = createPlace();
  const bad = createPlace();
  /** The same done to several, one by one, is told in one; in the order of the presses, as they are taken back. */
  let gathered: readonly Done[] = [];
  let telling: ReturnType<typeof setTimeout> | undefined;
  let failures: readonly Failure[] = [];

  /** The key, as long as it does what the button does: something newer may be on its way. */
  function UndoKey({ done }: { done: Done }) {
    const isKey = useSyncExternalStore(onNext, () => isNext(done));
    if (!isKey) return null;
    return (
      <span aria-hidden="true">
        <Kbd command="change.undo" />
      </span>
    );
  }

  function showDone() {
    const newest = gathered.at(-1);
    if (newest === undefined) {
      good.hide();
      return;
    }
    const count = gathered.reduce((sum, done) => sum + done.count, 0);
    const isOne = gathered.length === 1;
    good.show('success', inPast(newest.patch, isOne ? newest.subject : countOf(count)), {
      label: (
        <>
          {isOne ? 'Undo' : `Undo ${newest.subject}`}
          <UndoKey done={newest} />
        </>
      ),
      run: () => onUndo(newest),
    });
  }

  function showFailures() {
    const newest = failures.at(-1);
    if (newest === undefined) {
      bad.hide();
      return;
    }
    const isOne = failures.length === 1;
    const what = isOne
      ? notDone(newest.wish.patch, subjectOf(newest.wish.incidents))
      : `${failures.length} changes were not made`;
    const canRetry = failures.some((failure) => failure.canRetry);
    bad.show(
      'error',
      <Alarm>
        {what}. {newest.reason}
      </Alarm>,
      canRetry ? { label: isOne ? 'Retry' : 'Retry all', run: onRetry } : undefined,
      { stays: true, cancel: { label: 'Dismiss', run: onDismiss } },
    );
  }

  return {
    /** It was carried out. */
    did: (done: Done) => {
      const newest = good.isShown() ? gathered.at(-1) : undefined;
      const isSame = newest && JSON.stringify(newest.patch) === JSON.stringify(done.patch);
      // What was pressed before that is told already, and its answer was late: the newest stays.
      if (newest && !isSame && done.press < newest.press) return;
      gathered = isSame
        ? [...gathered, done].toSorted((one, other) => one.press - other.press)
        : [done];
      showDone();
    },
    /** It is being taken back. */
    forget: (done: Done) => {
      if (!gathered.includes(done)) return;
      gathered = gathered.filter((one) => one !== done);
      showDone();
    },
    undid: (done: Change, undone: Change) => {
      gathered = [];
      good.show('success', `Undone: ${lowered(inPast(done.patch, done.subject))}`, {
        label: 'Redo',
        run: () => {
          good.hide();
          onRedo(undone);
        },
      });
    },
    failed: (all: readonly Failure[]) => {
      failures = all;
      clearTimeout(telling);
      // Nobody waits for what is gone to go.
      if (failures.length === 0) showFailures();
      else telling = setTimeout(showFailures, GATHERED_MS);
    },
    notDone: (reason: string, retry: (() => void) | null) => {
      toast.error(<Alarm>{reason}</Alarm>, {
        duration: OFFERED_MS,
        action: retry && { label: 'Retry', onClick: retry },
      });
    },
    disputed: (
      incident: Incident,
      patch: IncidentPatch,
      { by, fields }: NonNullable<RowMark['conflict']>,
      review: () => void,
    ) => {
      const who = by ?? 'Somebody';
      const what = notDone(patch, incidentKey(incident));
      toast.warning(
        <Alarm>
          {what}: {who} has changed the {listOf(fields)} since.
        </Alarm>,
        { duration: OFFERED_MS, action: { label: 'Review', onClick: review } },
      );
    },
    say: (words: string) => {
      toast(words);
    },
  };
}
