import { expect, type Page, test } from '@playwright/test';
import { createIncident } from './api';
import { shiftsOf, watchShifts } from './shifts';
import { withoutStream } from './stream';

const LISTS = '**/api/incidents?*';

/** Answers as a slow server does. */
async function slowDown(page: Page, ms: number): Promise<void> {
  await page.route(LISTS, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    await route.continue();
  });
}

const firstTop = (page: Page) =>
  page
    .locator('tbody tr')
    .first()
    .evaluate((row) => row.getBoundingClientRect().top);

for (const [width, height] of [
  [1440, 900],
  [390, 844],
] as const) {
  test(`at ${width} pixels rows come where the skeleton stood, and nothing moves`, async ({
    page,
  }) => {
    await page.setViewportSize({ width, height });
    await watchShifts(page);
    await withoutStream(page);
    await slowDown(page, 700);
    await page.goto('/?q=&per_page=25');
    const lines = page.locator('.skeleton-row');
    await expect(lines.first()).toBeVisible();
    const places = () =>
      page
        .locator('.skeleton-row, tbody tr')
        .evaluateAll((all) => all.slice(0, 9).map((one) => one.getBoundingClientRect().top));
    const before = await places();
    await expect(page.locator('tbody tr').first()).toBeVisible();
    expect(await places()).toEqual(before);
    expect(await shiftsOf(page)).toEqual([]);
  });
}

test('a skeleton shows after 150 ms only', async ({ page }) => {
  await page.route(LISTS, () => {});
  await page.goto('/');
  const seen = await page.locator('.skeletons').evaluate((bones) => {
    const [wait] = bones.getAnimations();
    wait?.pause();
    return [0, 145, 165].map((time) => {
      if (wait) wait.currentTime = time;
      return getComputedStyle(bones).visibility;
    });
  });
  expect(seen).toEqual(['hidden', 'hidden', 'visible']);
});

test('offline, what is there can be read, a change waits and is sent afterwards, and no row moves', async ({
  page,
  context,
}) => {
  const incident = await createIncident(page.request, { title: 'Petrel over the line' });
  await withoutStream(page);
  await page.goto(`/?q=status:open,mitigated+INC-${incident.number}`);
  // What acts on rows comes while the browser is idle.
  await page.waitForLoadState('networkidle');
  await expect(page.locator('tbody tr')).toHaveCount(1);
  const top = await firstTop(page);
  await page.locator('.row-link').first().focus();

  await context.setOffline(true);
  await expect(page.getByText('This device is offline.')).toBeVisible();
  await page.keyboard.press('m');
  await expect(page.locator('tbody tr')).toContainText('Mitigated');
  await expect(page.locator('.row-mark')).toHaveText('saving…');
  await page.waitForTimeout(1_500);
  await expect(page.locator('.row-mark')).toHaveText('saving…');
  expect(await firstTop(page)).toBe(top);

  await context.setOffline(false);
  await expect(page.getByText('This device is offline.')).toBeHidden();
  await expect(page.locator('.row-mark')).toHaveCount(0);
  const stored = await page.request.get(`/api/incidents/${incident.id}`);
  expect(await stored.json()).toMatchObject({ status: 'MITIGATED', version: 2 });
});

test('what could not be read again is told over the old rows, and Retry leads back to them', async ({
  page,
}) => {
  await page.goto('/');
  await expect(page.locator('tbody tr').first()).toBeVisible();
  const top = await firstTop(page);
  await page.route(LISTS, (route) => route.abort());
  await page.keyboard.press('.');
  const retry = page.locator('.notice').getByRole('button', { name: 'Retry' });
  await expect(retry).toBeVisible();
  expect(await firstTop(page)).toBe(top);
  await page.unroute(LISTS);
  await retry.press('Enter');
  await expect(retry).toBeHidden();
  await expect(page.locator('.row-link').first()).toBeFocused();
});

test('a list that failed says which request it was, and Retry keeps the focus until it is there', async ({
  page,
}) => {
  let answers = 0;
  await page.route(LISTS, async (route) => {
    await route.fulfill({
      status: 500,
      contentType: 'application/problem+json',
      body: JSON.stringify({ title: 'Internal Server Error', status: 500, requestId: 'r-42' }),
    });
    answers += 1;
  });
  await page.goto('/');
  const panel = page.getByRole('alert');
  await expect(panel).toContainText('Request r-42');
  const retry = panel.getByRole('button', { name: 'Retry' });
  const before = answers;
  await retry.press('Enter');
  // By itself it asks twice more, and an answer to those is not what Retry is for.
  await expect.poll(() => answers).toBe(before + 3);
  await expect(retry).toBeFocused();
  await page.unroute(LISTS);
  await retry.press('Enter');
  await expect(page.locator('.row-link').first()).toBeFocused();
});

test('where nothing matches, what is in the way is named with what there is without it', async ({
  page,
}) => {
  const service = `gannets-${Date.now()}`;
  await createIncident(page.request, { title: 'Gannet on a wire', service });
  await page.goto(`/?q=status:open+sev:3+service:${service}+zzqq`);
  const ways = page.locator('.ways-out li');
  await expect(ways).toHaveText([
    /^Without status:open0$/,
    /^Without sev:30$/,
    /^Without service:gannets-\d+0$/,
    /^Without zzqq1$/,
  ]);
  await ways.last().getByRole('link').click();
  await expect(page.locator('.row-link')).toHaveText('Gannet on a wire');
});

test('a tracker without incidents says how to begin', async ({ page }) => {
  await page.route(LISTS, async (route) => {
    const answer = await route.fetch();
    const none = { ...(await answer.json()), items: [], total: 0, pages: 0, nextCursor: null };
    await route.fulfill({ response: answer, json: none });
  });
  await page.route('**/api/incidents/facets*', async (route) => {
    const answer = await route.fetch();
    const { status, ...rest } = (await answer.json()) as { status: { value: string }[] };
    const none = status.map(({ value }) => ({ value, count: 0 }));
    await route.fulfill({ response: answer, json: { ...rest, status: none } });
  });
  await page.goto('/');
  await expect(page.getByRole('heading', { name: 'No incidents yet' })).toBeVisible();
  await expect(page.locator('.state')).toContainText('python seed.py');
  await page.locator('.state').getByRole('link', { name: 'New incident' }).click();
  await expect(page.getByLabel('Title')).toBeFocused();
});
