import type { components } from './schema';

type Incident = components['schemas']['IncidentRead'];
type ConflictingIncident = components['schemas']['ConflictingIncident'];

/** What is wrong with a query, and where: places in the text, in code points. */
export interface Mistake {
  readonly start: number;
  readonly end: number;
  readonly message: string;
}

/** Field -> messages. */
type FieldErrors = Record<string, string[]>;

/**
 * What went wrong with a request, whatever the layer: the server's RFC 9457 problem, a proxy's page, or no
 * answer at all (`status` 0).
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** What kind of problem, as the server names it; null for an error that is not its own. */
  readonly type: string | null;
  readonly fields: FieldErrors;
  readonly requestId: string | null;
  /** The incident as the server has it now; only with 412. */
  readonly current: Incident | null;
  /** Where, and by whom, something was changed since; only with the 409 of a revert. */
  readonly conflicts: readonly ConflictingIncident[];
  /** Where the query cannot be read; only with 422. */
  readonly mistakes: readonly Mistake[];
  /** How long the server asks us to wait, when it says so. */
  readonly retryAfterMs: number | null;

  constructor(
    message: string,
    more: {
      status: number;
      type?: string | null;
      fields?: FieldErrors;
      requestId?: string | null;
      current?: Incident | null;
      conflicts?: readonly ConflictingIncident[];
      mistakes?: readonly Mistake[];
      retryAfterMs?: number | null;
    },
  ) {
    super(message);
    this.status = more.status;
    this.type = more.type ?? null;
    this.fields = more.fields ?? {};
    this.requestId = more.requestId ?? null;
    this.current = more.current ?? null;
    this.conflicts = more.conflicts ?? [];
    this.mistakes = more.mistakes ?? [];
    this.retryAfterMs = more.retryAfterMs ?? null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function messagesOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(messagesOf);
  if (isRecord(value)) return Object.values(value).flatMap(messagesOf);
  return [];
}

/** Fields of a field are named `password.current`; the items of a list are told at the list. */
function fieldErrors(value: unknown, within = ''): FieldErrors {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, errors]) => {
      const field = within + name;
      const isNested = isRecord(errors) && !Object.keys(errors).every((key) => /^\d+$/.test(key));
      return isNested
        ? Object.entries(fieldErrors(errors, `${field}.`))
        : [[field, messagesOf(errors)] as const];
    }),
  );
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Retry-After in milliseconds. RFC 9110: it is a number of seconds, or the time itself. */
export function readRetryAfter(header: string | null): number | null {
  if (header === null) return null;
  const seconds = Number(header);
  const wait = Number.isNaN(seconds) ? Date.parse(header) - Date.now() : seconds * 1000;
  return Number.isFinite(wait) ? Math.max(0, wait) : null;
}

/** What is said of an answer that says nothing itself. */
function wordsFor(status: number): string {
  if (status === 403) return 'You may not do that.';
  if (status === 429) return 'That was too often. Wait a little, then try again.';
  return `The server answered ${status}.`;
}

/** Reads an error answer; `body` is whatever the client could parse of it. */
export function problemFrom(response: Response, body: unknown): ApiError {
  const problem = isRecord(body) ? body : {};
  return new ApiError(text(problem.detail) ?? text(problem.title) ?? wordsFor(response.status), {
    status: response.status,
    type: text(problem.type),
    fields: fieldErrors(problem.errors),
    requestId: text(problem.requestId) ?? response.headers.get('X-Request-ID'),
    current: isRecord(problem.current) ? (problem.current as Incident) : null,
    conflicts: Array.isArray(problem.conflicts) ? (problem.conflicts as ConflictingIncident[]) : [],
    mistakes: Array.isArray(problem.mistakes) ? (problem.mistakes as Mistake[]) : [],
    retryAfterMs: readRetryAfter(response.headers.get('Retry-After')),
  });
}
