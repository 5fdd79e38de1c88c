import { waitInWords } from '@/lib/time';
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

const FORBIDDEN = 'urn:incident-tracker:problem:forbidden';

/** What happened, in the server's words or in ours, and what one can do about it. */
function wordsFor(status: number, problem: Record<string, unknown>, waitMs: number | null): string {
  const title = text(problem.title);
  const said = text(problem.detail) ?? title;
  if (status === 429) {
    const when = waitMs === null ? 'in a while' : `in ${waitInWords(waitMs)}`;
    return `${title ?? 'That was too often'}. Try again ${when}.`;
  }
  if (problem.type === FORBIDDEN && said !== null)
    return `${said} An admin can give you that role.`;
  if (status === 403) return said ?? 'You may not do that.';
  return said ?? `The server answered ${status}.`;
}

/** Reads an error answer; `body` is whatever the client could parse of it. */
export function problemFrom(response: Response, body: unknown): ApiError {
  const problem = isRecord(body) ? body : {};
  const { status, headers } = response;
  const retryAfterMs = readRetryAfter(headers.get('Retry-After'));
  return new ApiError(wordsFor(status, problem, retryAfterMs), {
    status,
    type: text(problem.type),
    fields: fieldErrors(problem.errors),
    requestId: text(problem.requestId) ?? headers.get('X-Request-ID'),
    current: isRecord(problem.current) ? (problem.current as Incident) : null,
    conflicts: Array.isArray(problem.conflicts) ? (problem.conflicts as ConflictingIncident[]) : [],
    mistakes: Array.isArray(problem.mistakes) ? (problem.mistakes as Mistake[]) : [],
    retryAfterMs,
  });
}
