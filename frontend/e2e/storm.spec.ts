import { type APIRequestContext, expect, type Page, test } from '@playwright/test';
import { createIncident } from './api';
import { shiftsOf, watchShifts } from './shifts';

const STORM = 200;
const EVERY_MS = 60;
/** Of that many new ones, one is a SEV1. */
const WORST = 20;
const TRIAGED = 10;

interface Heard {
  at: number;
  how: string | null;
  text: string;
}

declare global {
  interface Window {
    heard: Heard[];
  }
}

/** Notes what a screen reader would read aloud of what is new. Runs inside the browser. */
function listen(): void {
  window.heard = [];
  const start = () =>
    new MutationObserver((changes) => {
      for (const { target } of changes) {
        const element = target instanceof Element ? target : target.parentElement;
        const live = element?.closest('.news [aria-live]');
        const text = live?.textContent ?? '';
        if (text === '' || window.heard.at(-1)?.text === text) continue;
        const how = live?.getAttribute('aria-live') ?? null;
        window.heard.push({ at: performance.now(), how, text });
      }
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  document.addEventListener('DOMContentLoaded', start);
}

async function storm(request: APIRequestContext, service: string): Promise<void> {
  const sent: Promise<unknown>[] = [];
  for (let count = 1; count <= STORM; count += 1) {
    const severity = count % WORST === 0 ? 'SEV1' : 'SEV3';
    sent.push(createIncident(request, { title: `Drop ${count}`, service, severity }));
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  await Promise.all(sent);
}

const titles = (page: Page) => page.locator('tbody .row-link').allTextContents();

function places(page: Page) {
  return page
    .locator('tbody tr')
    .evaluateAll((rows) =>
      rows.map((row) => [row.getAttribute('data-id'), row.getBoundingClientRect().top]),
    );
}

const heard = (page: Page, how: string) =>
  page.evaluate((wanted) => window.heard.filter((one) => one.how === wanted), how);

/** No two of them follow each other sooner than that, but for the slack of a timer. */
function expectApart(all: readonly Heard[], ms: number): void {
  const gaps = all.slice(1).map(({ at }, index) => at - (all[index]?.at ?? 0));
  expect(Math.min(ms, ...gaps)).toBeGreaterThan(ms - 300);
}

test('in a storm of 200 nothing moves under the hands of somebody who triages by keyboard', async ({
  page,
  request,
}) => {
  test.setTimeout(120_000);
  const service = `storm-${Date.now()}`;
  for (let count = 1; count <= TRIAGED + 4; count += 1) {
    await createIncident(request, { title: `Calm ${count}`, service, severity: 'SEV3' });
  }
  await page.addInitScript(listen);
  await watchShifts(page);
  await page.goto(`/?q=status:open,mitigated+service:${service}&sort_by=number&order=desc`);
  await expect(page.locator('tbody tr')).toHaveCount(TRIAGED + 4);
  await expect(page.locator('.live')).toHaveAttribute('data-state', 'live');
  const before = await places(page);
  const order = await titles(page);
  const row = (index: number) => page.locator('tbody tr').nth(index);
  const link = (index: number) => row(index).locator('.row-link');

  await link(0).focus();
  const raining = storm(request, service);
  for (let index = 0; index < TRIAGED; index += 1) {
    await expect(link(index)).toBeFocused();
    if (index % 2 === 0) await page.keyboard.press('m');
    else {
      await page.keyboard.press('s');
      await page.keyboard.press('2');
    }
    await expect(row(index)).toContainText(index % 2 === 0 ? 'Mitigated' : 'SEV2');
    await page.waitForTimeout(700);
  }
  await page.keyboard.press('x');
  await page.keyboard.press('Shift+J');
  await raining;

  const pill = page.getByRole('button', { name: `${STORM} new · ${STORM / WORST} SEV1` });
  await expect(pill).toBeVisible();
  await expect(page).toHaveTitle(`(${STORM / WORST} SEV1) Incidents · Incident Tracker`);
  expect(await titles(page)).toEqual(order);
  expect(await places(page)).toEqual(before);
  expect(await shiftsOf(page)).toEqual([]);
  await expect(link(TRIAGED + 1)).toBeFocused();
  await expect(page.getByRole('region', { name: 'Selection' })).toContainText('2 selected');

  // The sum comes with the last message, and hardly any before it.
  await expect
    .poll(async () => (await heard(page, 'polite')).at(-1)?.text, { timeout: 15_000 })
    .toBe(`${STORM} new. The full stop key loads them.`);
  const polite = await heard(page, 'polite');
  expect(polite.length).toBeLessThanOrEqual(6);
  expectApart(polite, 10_000);
  const assertive = await heard(page, 'assertive');
  expect(assertive[0]?.text).toMatch(/^New SEV1: INC-\d+ Drop 20\.$/);
  expect(assertive.at(-1)?.text).toMatch(/^10 new SEV1, the latest INC-\d+ Drop 200\.$/);
  expectApart(assertive, 5_000);

  const changed = await request.get(`/api/incidents?q=service:${service}+Calm&per_page=100`);
  const { items } = (await changed.json()) as {
    items: { title: string; status: string; severity: string }[];
  };
  const asTriaged = order.slice(0, TRIAGED).map((title, index) => {
    const isEven = index % 2 === 0;
    return [title, isEven ? 'MITIGATED' : 'OPEN', isEven ? 'SEV3' : 'SEV2'];
  });
  const asStored = order.slice(0, TRIAGED).map((title) => {
    const found = items.find((one) => one.title === title);
    return [title, found?.status, found?.severity];
  });
  expect(asStored).toEqual(asTriaged);

  await page.keyboard.press('.');
  await expect(pill).toBeHidden();
  await expect(page.locator('tbody tr')).toHaveCount(50);
  await expect(link(0)).toHaveText(`Drop ${STORM}`);
  // The row that had the focus is on another page now: it is on the one in its place.
  await expect(link(TRIAGED + 1)).toBeFocused();
  await expect(page.getByRole('region', { name: 'Selection' })).toContainText('2 on other pages');

  // Nothing of it is left for the tests that follow.
  const { total } = (await (await request.get(`/api/incidents?q=service:${service}`)).json()) as {
    total: number;
  };
  const resolved = await request.post('/api/incidents/bulk', {
    data: {
      filter: { q: `service:${service}` },
      set: { status: 'RESOLVED' },
      expectedCount: total,
    },
    headers: { 'Idempotency-Key': crypto.randomUUID() },
  });
  expect(resolved.status()).toBe(200);
});
