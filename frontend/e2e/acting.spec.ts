import { type APIRequestContext, expect, type Page, test } from '@playwright/test';
import { changeAs, createIncident } from './api';

const row = (page: Page, number: number) =>
  page.locator('tbody tr', { has: page.getByText(`INC-${number}`, { exact: true }) });
const toast = (page: Page) => page.getByRole('region', { name: /^Notifications/ });

/** Incidents of a service of their own, and the list that shows only them, oldest first; the focus is on the first. */
async function openList(page: Page, request: APIRequestContext, name: string, count: number) {
  const service = `${name}-${Date.now()}`;
  const incidents = [];
  for (let index = 0; index < count; index += 1) {
    const incident = await createIncident(request, { service, title: `${name} ${index}` });
    incidents.push({ ...incident, service });
  }
  await page.goto(`/?service=${service}`);
  await page.getByRole('link', { name: `${name} 0` }).focus();
  return incidents;
}

async function stored(request: APIRequestContext, id: string) {
  return (await request.get(`/api/incidents/${id}`)).json();
}

/** How often an incident was changed since it was made. */
async function changes(request: APIRequestContext, id: string): Promise<Record<string, unknown>[]> {
  const { items } = await (await request.get(`/api/incidents/${id}/events`)).json();
  return items.slice(1).map((event: { changes: Record<string, unknown> }) => event.changes);
}

test('ten quick presses on ten rows make ten changes, in place, on a line that delays and loses answers', async ({
  page,
  request,
}) => {
  const incidents = await openList(page, request, 'acting-ten', 10);
  let turn = 0;
  await page.route('**/api/incidents/*', async (route) => {
    if (route.request().method() !== 'PATCH') return route.continue();
    turn += 1;
    const own = turn;
    await new Promise((resolve) => setTimeout(resolve, (own % 4) * 150));
    if (own % 3 !== 0) return route.continue();
    // Carried out, but nobody hears of it.
    await route.fetch();
    return route.abort();
  });
  const tops = () =>
    page
      .locator('tbody tr')
      .evaluateAll((rows) => rows.map((one) => one.getBoundingClientRect().top));
  const before = await tops();
  for (const _ of incidents) await page.keyboard.press('e');
  for (const { number } of incidents) {
    await expect(row(page, number)).toContainText(/Resolved/, { timeout: 1_000 });
  }
  await expect(toast(page)).toContainText('Resolved 10 incidents');
  expect(await tops()).toEqual(before);
  for (const { id } of incidents) {
    expect((await stored(request, id)).status).toBe('RESOLVED');
    expect(await changes(request, id)).toHaveLength(1);
  }
});

test('several presses on one row build upon each other', async ({ page, request }) => {
  const [incident] = await openList(page, request, 'acting-one', 1);
  const id = incident?.id ?? '';
  await page.route('**/api/incidents/*', async (route) => {
    if (route.request().method() === 'PATCH') await new Promise((done) => setTimeout(done, 300));
    return route.continue();
  });
  await page.keyboard.type('es1mr');
  await expect(row(page, incident?.number ?? 0)).toContainText(/SEV1.*Open/, { timeout: 1_000 });
  await expect.poll(() => changes(request, id)).toHaveLength(4);
  expect(await stored(request, id)).toMatchObject({ status: 'OPEN', severity: 'SEV1' });
  // Newest first, each by one press; also those of the same field.
  await page.keyboard.press('z');
  await page.keyboard.press('z');
  await expect.poll(async () => (await stored(request, id)).status).toBe('RESOLVED');
  await page.keyboard.press('z');
  await page.keyboard.press('z');
  await expect.poll(async () => (await stored(request, id)).status).toBe('OPEN');
  expect(await stored(request, id)).toMatchObject({ status: 'OPEN', severity: 'SEV3' });
  await expect(toast(page)).toContainText(/Undone: resolved INC-/);
});

test('presses that come before what acts is there keep their order', async ({ page, request }) => {
  await page.route('**/assets/acting-*.js', async (route) => {
    await new Promise((done) => setTimeout(done, 1_500));
    return route.continue();
  });
  const [incident] = await openList(page, request, 'acting-early', 1);
  const id = incident?.id ?? '';
  await page.keyboard.type('es1mr');
  await expect.poll(() => changes(request, id)).toHaveLength(4);
  const made = await changes(request, id);
  expect(made.map((change) => Object.keys(change)[0])).toEqual([
    'status',
    'severity',
    'status',
    'status',
  ]);
  expect(await stored(request, id)).toMatchObject({ status: 'OPEN', severity: 'SEV1' });
});

test('what somebody else has changed is marked, and decided at the incident', async ({
  page,
  request,
}) => {
  const [incident] = await openList(page, request, 'acting-conflict', 1);
  const { id = '', number = 0, service } = incident ?? {};
  let isFirst = true;
  await page.route('**/api/incidents/*', async (route) => {
    if (isFirst && route.request().method() === 'PATCH') {
      isFirst = false;
      await changeAs(request, 'Cleo', id, { status: 'MITIGATED' });
    }
    return route.continue();
  });
  await page.keyboard.press('e');
  await expect(row(page, number)).toContainText('changed by Cleo');
  await expect(row(page, number)).toContainText('Mitigated');
  expect((await stored(request, id)).status).toBe('MITIGATED');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: `review INC-${number}` })).toBeFocused();
  await page.keyboard.press('Enter');
  const panel = page.getByRole('region', { name: /This incident changed/ });
  await panel.getByRole('radio', { name: /^Mine/ }).check();
  await panel.getByRole('button', { name: 'Save' }).click();
  await expect(panel).toBeHidden();
  expect((await stored(request, id)).status).toBe('RESOLVED');
  await page.goto(`/?service=${service}&status=all`);
  await expect(row(page, number)).toContainText('Resolved');
  await expect(row(page, number)).not.toContainText('changed by');
});

test('a failure is told at its row, and Retry carries it out once', async ({ page, request }) => {
  const [incident] = await openList(page, request, 'acting-failure', 2);
  const { id = '', number = 0 } = incident ?? {};
  await page.route('**/api/incidents/*', async (route) => {
    if (route.request().method() !== 'PATCH') return route.continue();
    await route.fetch();
    return route.abort();
  });
  await page.keyboard.press('m');
  await expect(row(page, number)).toContainText('not saved');
  await expect(toast(page).getByRole('alert')).toContainText(
    `INC-${number} was not mitigated. The server cannot be reached.`,
  );
  await page.unroute('**/api/incidents/*');
  await toast(page).getByRole('button', { name: 'Retry' }).click();
  await expect(row(page, number)).not.toContainText('not saved');
  await expect(row(page, number)).toContainText('Mitigated');
  expect(await changes(request, id)).toHaveLength(1);
});

test('z takes a change back long after its toast has gone, and from another page', async ({
  page,
  request,
}) => {
  const [incident] = await openList(page, request, 'acting-undo', 1);
  const { id = '', number = 0 } = incident ?? {};
  await page.keyboard.press('e');
  await expect(toast(page)).toContainText(`Resolved INC-${number}`);
  await page.mouse.move(10, 400);
  await expect(toast(page)).not.toContainText('Resolved', { timeout: 12_000 });
  await page.keyboard.press('c');
  await expect(page.getByRole('heading', { name: 'New incident' })).toBeVisible();
  await page.getByRole('heading', { name: 'New incident' }).click();
  await page.keyboard.press('z');
  await expect(toast(page)).toContainText(`Undone: resolved INC-${number}`);
  expect((await stored(request, id)).status).toBe('OPEN');
});

test('a tab that is closed at once has acted all the same', async ({ context, request }) => {
  const page = await context.newPage();
  const [incident] = await openList(page, request, 'acting-closed', 1);
  const sent = page.waitForRequest((one) => one.method() === 'PATCH');
  await page.keyboard.press('e');
  await sent;
  await page.close({ runBeforeUnload: false });
  await expect
    .poll(async () => (await stored(request, incident?.id ?? '')).status)
    .toBe('RESOLVED');
});
