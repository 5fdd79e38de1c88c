import { type APIRequestContext, expect } from '@playwright/test';

interface Incident {
  id: string;
  number: number;
  version: number;
}

/** Puts an incident there without the browser; a title that no other test uses. */
export async function createIncident(
  request: APIRequestContext,
  part: Record<string, unknown> = {},
): Promise<Incident> {
  const response = await request.post('/api/incidents', {
    data: {
      title: `Made by a test ${Date.now()}`,
      service: 'test-service',
      severity: 'SEV3',
      ...part,
    },
  });
  expect(response.status()).toBe(201);
  return response.json();
}

/** Changes it as somebody else. */
export async function changeAs(
  request: APIRequestContext,
  actor: string,
  id: string,
  data: Record<string, unknown>,
): Promise<void> {
  const response = await request.patch(`/api/incidents/${id}`, {
    data,
    headers: { 'X-Actor': actor },
  });
  expect(response.status()).toBe(200);
}
