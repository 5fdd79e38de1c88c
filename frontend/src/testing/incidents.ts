import type { components } from '@/api/schema';

type Incident = components['schemas']['IncidentRead'];
type IncidentEvent = components['schemas']['EventRead'];
type IncidentPage = components['schemas']['IncidentPage'];

/** An incident as the API gives it; a test names only what it is about. */
export function incident(part: Partial<Incident> = {}): Incident {
  const number = part.number ?? 42;
  return {
    id: `01900000-0000-7000-8000-${String(number).padStart(12, '0')}`,
    number,
    title: 'Checkout answers 500',
    service: 'checkout-web',
    severity: 'SEV2',
    status: 'OPEN',
    owner: null,
    summary: null,
    startedAt: '2025-03-04T14:00:00Z',
    mitigatedAt: null,
    resolvedAt: null,
    createdAt: '2025-03-04T14:00:00Z',
    updatedAt: '2025-03-04T14:00:00Z',
    version: 1,
    ...part,
  };
}

export function page(items: Incident[], part: Partial<IncidentPage> = {}) {
  return {
    items,
    page: 1,
    perPage: 50,
    total: items.length,
    totalIsExact: true,
    pages: 1,
    nextCursor: null,
    ...part,
  };
}

/** A page of the list as it is kept; `servedAt` by the server's clock, in milliseconds. */
export function listPage(
  items: Incident[],
  servedAt: number | null,
  part: Partial<IncidentPage> = {},
) {
  return { ...page(items), ...part, servedAt };
}

/** Each event has an id of its own. */
let lastEvent = 0;

export function event(
  { id, version }: Incident,
  type: IncidentEvent['type'] = 'updated',
  part: Partial<IncidentEvent> = {},
): IncidentEvent {
  lastEvent += 1;
  return {
    id: lastEvent,
    incidentId: id,
    changeId: `0190-${version}`,
    type,
    actor: 'Cleo',
    at: '2025-03-04T15:05:00Z',
    changes: {},
    comment: null,
    changeSize: 1,
    revertsChangeId: null,
    ...part,
  };
}

/** What somebody did, with the incident as it is now. */
export function news(
  about: Incident,
  type: IncidentEvent['type'] = 'updated',
  { known = false, ...part }: Partial<IncidentEvent> & { known?: boolean } = {},
) {
  return { event: event(about, type, part), incident: about, known };
}

const severities = ['SEV1', 'SEV2', 'SEV3', 'SEV4'];
const statuses = ['OPEN', 'MITIGATED', 'RESOLVED'];

export const facets = {
  severity: severities.map((value, index) => ({ value, count: index + 1 })),
  status: statuses.map((value, index) => ({ value, count: 10 * (index + 1) })),
  service: [
    { value: 'checkout-web', count: 7 },
    { value: 'ledger', count: 2 },
  ],
  owner: [
    { value: null, count: 4 },
    { value: 'Doe, Jane', count: 3 },
  ],
  estimated: [],
};

/** RFC 9457, as the server words it. */
export function problem(status: number, part: Record<string, unknown> = {}) {
  return {
    body: {
      type: 'about:blank',
      title: 'Problem',
      status,
      detail: `Problem ${status}.`,
      requestId: 'req-7',
      ...part,
    },
    init: { status, headers: { 'Content-Type': 'application/problem+json' } },
  };
}
