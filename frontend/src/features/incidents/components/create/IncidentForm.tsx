import { type FormEvent, type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { useNavigationType } from 'react-router';
import { ApiError } from '@/api/problem';
import { SeverityBadge, StatusBadge } from '@/components/Badges';
import { MarkdownEditor } from '@/components/MarkdownEditor';
import { Combobox } from '@/components/ui/Combobox';
import { describedBy, Field, FieldMessage } from '@/components/ui/Field';
import { Kbd } from '@/components/ui/Kbd';
import {
  useOwnerSuggestions,
  useServiceSuggestions,
} from '@/features/incidents/api/useSuggestions';
import {
  continueDraft,
  EMPTY_FORM,
  type FormValues,
  guardDraft,
  isEmptyForm,
  keepDraft,
  readDraft,
} from '@/features/incidents/model/form-draft';
import type { Incident, IncidentDraft } from '@/features/incidents/model/incident';
import { likelyServices } from '@/features/incidents/model/likely-services';
import { checkDraft, FIELD_ORDER, type FieldMessages } from '@/features/incidents/model/validate';
import { useCommand } from '@/lib/commands';
import { isComposing } from '@/lib/keys';
import { SEVERITIES, STATUSES } from '@/lib/search-params';
import { ChoiceGroup } from './ChoiceGroup';
import { DraftNotes } from './DraftNotes';
import { SimilarIncidents } from './SimilarIncidents';

interface Props {
  /** The query of the URL of the list that the form was opened from, if it was. */
  listSearch: string | null;
  /** Sends the draft; rejects with what went wrong. */
  onSend: (draft: IncidentDraft) => Promise<unknown>;
  /** It has been reported already; `summaryGoesAlong` where what is written is to be a comment on it. */
  onFound: (incident: Incident, values: FormValues, summaryGoesAlong: boolean) => void;
}

/** What has to be said, in the order of the form. */
const NEEDED = ['title', 'service', 'severity'] as const;

const SEVERITY_HINTS = {
  SEV1: 'Down for all',
  SEV2: 'Badly broken',
  SEV3: 'Degraded',
  SEV4: 'Minor',
};

export function IncidentForm({ listSearch, onSend, onFound }: Props) {
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const back = useNavigationType() === 'POP';
  const [values, setValues] = useState<FormValues>(() => readDraft(back));
  const [restored, setRestored] = useState(!isEmptyForm(values));
  const [messages, setMessages] = useState<FieldMessages>({});
  const [failure, setFailure] = useState<ApiError | Error | null>(null);
  const [sending, setSending] = useState(false);
  // State changes at the next drawing; two quick presses come before it.
  const busy = useRef(false);
  const [focused, setFocused] = useState<'owner' | null>(null);
  const [likely] = useState(() => likelyServices(listSearch));
  // Asked for at once, so that they are there when the keyboard comes to the field.
  const services = useServiceSuggestions(values.service, true, likely);
  const owners = useOwnerSuggestions(values.owner, focused === 'owner');

  const latest = useRef(values);
  useEffect(() => {
    latest.current = values;
  });
  useEffect(() => guardDraft(() => latest.current), []);

  function change(part: Partial<FormValues>) {
    const next = { ...values, ...part };
    setValues(next);
    keepDraft(next);
    const fixed = Object.keys(part).map((name) => [name, undefined]);
    setMessages({ ...messages, ...Object.fromEntries(fixed) });
  }

  function show(next: FormValues) {
    setValues(next);
    setMessages({});
    setFailure(null);
    setRestored(false);
    focusField('title');
  }

  function startOver() {
    keepDraft(EMPTY_FORM);
    show(EMPTY_FORM);
  }

  function focusField(field: string) {
    const area = form.current?.querySelector<HTMLElement>(`[data-field=${field}]`);
    (area?.querySelector<HTMLElement>('input, textarea') ?? area)?.focus();
  }

  /** In a field that is filled in, Enter leads to what is still missing; then it sends, as it does in any form. */
  function onKeyDown(event: KeyboardEvent) {
    const { key, target, ctrlKey, metaKey, nativeEvent } = event;
    if (key !== 'Enter' || ctrlKey || metaKey || isComposing(nativeEvent)) return;
    if (!(target instanceof HTMLInputElement) || target.type === 'checkbox') return;
    const own = target.closest<HTMLElement>('[data-field]')?.dataset.field;
    const missing = NEEDED.find((field) => (values[field] ?? '').trim() === '');
    if (missing === undefined || missing === own) return;
    event.preventDefault();
    focusField(missing);
  }

  /** Shows the messages and goes to the first; false when there is none. */
  function complain(found: FieldMessages): boolean {
    setMessages(found);
    const first = FIELD_ORDER.find((field) => found[field]);
    if (first === undefined) return false;
    focusField(first);
    return true;
  }

  async function send() {
    if (busy.current) return;
    setFailure(null);
    if (complain(checkDraft(values)) || values.severity === null) return;
    busy.current = true;
    setSending(true);
    try {
      await onSend({
        title: values.title.trim(),
        service: values.service.trim(),
        severity: values.severity,
        status: values.status,
        owner: values.owner.trim() || null,
        summary: values.summary.trim() || null,
      });
      // The draft goes only once the server has the incident.
      keepDraft(EMPTY_FORM);
    } catch (error) {
      const problem = error instanceof Error ? error : new Error(String(error));
      const fields = problem instanceof ApiError ? problem.fields : {};
      const known = FIELD_ORDER.filter((field) => fields[field]?.[0]);
      const atFields = Object.fromEntries(known.map((field) => [field, fields[field]?.join(' ')]));
      if (!complain(atFields)) setFailure(problem);
      busy.current = false;
      setSending(false);
    }
  }

  useCommand('form.submit', () => void send());

  const control = (field: keyof FormValues) => ({
    id: `${id}-${field}`,
    'aria-invalid': messages[field] !== undefined,
    'aria-describedby': describedBy(`${id}-${field}`, undefined, messages[field]),
  });

  return (
    <form
      ref={form}
      className="form"
      noValidate
      onKeyDown={onKeyDown}
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        void send();
      }}
    >
      <DraftNotes
        restored={restored}
        onStartOver={startOver}
        onContinue={({ name }) => show(continueDraft(name))}
        onNoMore={() => focusField('title')}
      />
      <Field id={`${id}-title`} label="Title" error={messages.title}>
        <input
          {...control('title')}
          data-field="title"
          className="input large"
          autoFocus
          autoComplete="off"
          autoCapitalize="sentences"
          enterKeyHint="next"
          required
          placeholder="Checkout answers 500 for every card payment"
          value={values.title}
          onChange={(event) => change({ title: event.target.value })}
        />
      </Field>
      <Field id={`${id}-service`} label="Service" error={messages.service}>
        <div data-field="service">
          <Combobox
            {...control('service')}
            required
            offersAtOnce
            autoCapitalize="none"
            enterKeyHint="next"
            spellCheck={false}
            placeholder="payments-api"
            value={values.service}
            suggestions={services}
            onChange={(service) => change({ service })}
          />
        </div>
      </Field>
      <div data-field="severity" className="field">
        <ChoiceGroup
          legend="Severity"
          byNumber
          name={`${id}-severity`}
          options={SEVERITIES}
          value={values.severity}
          describedBy={describedBy(`${id}-severity`, undefined, messages.severity)}
          onChange={(severity) => change({ severity })}
          render={(severity) => (
            <>
              <SeverityBadge severity={severity} />
              <span className="hint">{SEVERITY_HINTS[severity]}</span>
            </>
          )}
        />
        <FieldMessage id={`${id}-severity`} error={messages.severity} />
      </div>
      <SimilarIncidents
        title={values.title}
        service={values.service}
        hasSummary={values.summary.trim() !== ''}
        onFound={(incident, goesAlong) => onFound(incident, values, goesAlong)}
      />
      <div className="columns">
        <Field id={`${id}-owner`} label="Owner" optional error={messages.owner}>
          <div data-field="owner">
            <Combobox
              {...control('owner')}
              autoCapitalize="words"
              spellCheck={false}
              placeholder="Nobody yet"
              value={values.owner}
              suggestions={owners}
              onFocus={() => setFocused('owner')}
              onChange={(owner) => change({ owner })}
            />
          </div>
        </Field>
        <div data-field="status" className="field">
          <ChoiceGroup
            legend="Status"
            name={`${id}-status`}
            options={STATUSES}
            value={values.status}
            describedBy={describedBy(`${id}-status`, undefined, messages.status)}
            onChange={(status) => change({ status })}
            render={(status) => <StatusBadge status={status} />}
          />
          <FieldMessage id={`${id}-status`} error={messages.status} />
        </div>
      </div>
      <Field id={`${id}-summary`} label="Summary" optional error={messages.summary}>
        <div data-field="summary">
          <MarkdownEditor
            {...control('summary')}
            value={values.summary}
            onChange={(summary) => change({ summary })}
          />
        </div>
      </Field>
      {failure && (
        <div className="note bad" role="alert" ref={scrollIntoView}>
          <strong>Not sent.</strong> {failure.message} What you typed is kept.
          {failure instanceof ApiError && failure.requestId && (
            <>
              {' '}
              Request <code>{failure.requestId}</code>
            </>
          )}
        </div>
      )}
      <div className="form-actions">
        <button type="submit" className="btn primary" aria-disabled={sending}>
          {sending ? 'Sending…' : 'Create incident'}
        </button>
        <span className="hint">
          <Kbd command="form.submit" /> sends it
        </span>
      </div>
    </form>
  );
}

/** What was sent by a key may have been sent from far above. */
function scrollIntoView(element: Element | null): void {
  element?.scrollIntoView({ block: 'nearest' });
}
