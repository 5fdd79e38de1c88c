import { expect, type Page, test } from '@playwright/test';
import { createIncident } from './api';
import { withoutStream } from './stream';

const rows = (page: Page) => page.locator('tbody tr');

test('the default view: what is not resolved, the worst first, at least 20 rows in sight', async ({
  page,
}) => {
  const asked: string[] = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.pathname.startsWith('/api/')) asked.push(url.pathname);
  });
  await withoutStream(page);
  await page.goto('/');
  await expect(rows(page).first()).toBeVisible();
  const severities = await page.locator('tbody .c-severity').allInnerTexts();
  expect(severities).toEqual(severities.toSorted());
  expect((await page.locator('tbody .c-status').allInnerTexts()).join()).not.toContain('Resolved');
  const inSight = await rows(page).evaluateAll(
    (all) => all.filter((row) => row.getBoundingClientRect().bottom <= innerHeight).length,
  );
  expect(inSight).toBeGreaterThanOrEqual(20);
  await page.waitForLoadState('networkidle');
  expect(asked.toSorted()).toEqual([
    '/api/events/stream',
    '/api/incidents',
    '/api/incidents/facets',
    '/api/session',
    '/api/views',
  ]);
});

test('no other host is contacted, and the console stays clean', async ({ page, baseURL }) => {
  const foreign: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(baseURL ?? '')) foreign.push(request.url());
  });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto('/');
  await rows(page).first().getByRole('link').click();
  await expect(
    page.getByRole('region', { name: 'Timeline' }).getByRole('listitem').first(),
  ).toBeVisible();
  await page.goto('/incidents/new');
  await expect(page.getByLabel('Title')).toBeFocused();
  expect(foreign).toEqual([]);
  expect(complaints).toEqual([]);
});

test('filters narrow the list, live in the URL, and Back takes them away', async ({ page }) => {
  await page.goto('/?q=');
  await page.getByRole('button', { name: /^SEV1/ }).click();
  await expect(page).toHaveURL('/?q=sev:1');
  await expect(page.locator('tbody .c-severity').first()).toHaveText('SEV1');
  const count = await page.getByRole('button', { name: /^SEV1/ }).locator('.count').innerText();
  await expect(page.locator('.range')).toContainText(`of ${count}`);
  expect(new Set(await page.locator('tbody .c-severity').allInnerTexts())).toEqual(
    new Set(['SEV1']),
  );

  await page.getByRole('button', { name: 'Owner' }).click();
  await page.getByRole('checkbox', { name: /Unassigned/ }).check();
  await expect(page).toHaveURL('/?q=sev:1+owner:none');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: /^Owner/ })).toBeFocused();

  await page.reload();
  await expect(page.getByRole('button', { name: /^SEV1/ })).toHaveAttribute('aria-pressed', 'true');
  await page.goBack();
  await expect(page).toHaveURL('/?q=sev:1');
  await page.goBack();
  await expect(page).toHaveURL('/?q=');
  await expect(page.getByRole('button', { name: /^SEV1/ })).toHaveAttribute(
    'aria-pressed',
    'false',
  );
});

test('a name with a comma and a quote can be filtered by', async ({ page, request }) => {
  const owner = 'Doe, "JD" Jane';
  await createIncident(request, { owner, title: 'Owned by somebody with a comma' });
  await page.goto('/');
  await page.getByRole('button', { name: 'Owner' }).click();
  await page.getByRole('textbox', { name: 'Find an owner' }).fill('doe,');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText('Owned by somebody with a comma');
  await page.reload();
  await expect(rows(page)).toHaveCount(1);
});

test('search replaces the URL instead of filling the history', async ({ page, request }) => {
  await createIncident(request, { title: 'Zebra crossing the load balancer' });
  await page.goto('/');
  await page.goto('/?q=status:open,mitigated+sev:3');
  await expect(rows(page).first()).toBeVisible();
  await page.keyboard.press('/');
  await page.keyboard.type('zebra load');
  await expect(rows(page)).toHaveCount(1);
  await expect(page).toHaveURL('/?q=status:open,mitigated+sev:3+zebra+load');
  await page.goBack();
  await expect(page).toHaveURL('/');
  await expect(page.getByRole('combobox', { name: 'Search incidents' })).toHaveValue(
    'status:open,mitigated',
  );
});

test('columns sort both ways', async ({ page }) => {
  await page.goto('/?q=');
  await page.getByRole('columnheader', { name: 'Service' }).getByRole('link').click();
  await expect(page).toHaveURL('/?q=&sort_by=service&order=asc');
  await expect(page.getByRole('columnheader', { name: 'Service' })).toHaveAttribute(
    'aria-sort',
    'ascending',
  );
  await expect(page.locator('table')).not.toHaveAttribute('data-stale');
  const up = await page.locator('tbody .c-service').first().innerText();
  await page.getByRole('columnheader', { name: 'Service' }).getByRole('link').click();
  await expect(page.getByRole('columnheader', { name: 'Service' })).toHaveAttribute(
    'aria-sort',
    'descending',
  );
  await expect(page.locator('tbody .c-service').first()).not.toHaveText(up);
});

test('pages turn by button and by key', async ({ page }) => {
  await page.goto('/?q=');
  await expect(page.locator('.range')).toContainText('1–50 of');
  const first = await page.locator('.row-link').first().innerText();
  await page.getByRole('link', { name: 'Next page' }).click();
  await expect(page).toHaveURL('/?q=&page=2');
  await expect(page.locator('.range')).toContainText('51–100 of');
  await expect(page.locator('.row-link').first()).not.toHaveText(first);
  await page.keyboard.press('[');
  await expect(page).toHaveURL('/?q=');
  await page.getByRole('combobox', { name: 'Rows' }).selectOption('100');
  await expect(page).toHaveURL('/?q=&per_page=100');
  await expect(rows(page)).toHaveCount(100);
});

test('Back returns to the same list and the same row', async ({ page }) => {
  await page.goto('/?q=&page=2');
  const row = rows(page).nth(40);
  // A row that is far away is not drawn yet, and what is not drawn has no inner text.
  const title = (await row.locator('.row-link').textContent()) ?? '';
  await row.scrollIntoViewIfNeeded();
  const before = await page.evaluate(() => scrollY);
  await row.getByRole('link').click();
  await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible();
  expect(await page.evaluate(() => scrollY)).toBe(0);
  await page.getByRole('link', { name: 'Incidents', exact: true }).click();
  await expect(page).toHaveURL('/?q=&page=2');
  await expect(page.locator('.row-link:focus')).toHaveText(title);
  expect(await page.evaluate(() => scrollY)).toBe(before);
});

test('Back from an incident that left the list puts the focus on the row in its place', async ({
  page,
  request,
}) => {
  const service = `quokkas-${Date.now()}`;
  await createIncident(request, { service, title: 'Quokka one', severity: 'SEV1' });
  await createIncident(request, { service, title: 'Quokka two', severity: 'SEV2' });
  await page.goto(`/?q=status:open,mitigated+service:${service}`);
  await page.locator('.row-link').first().press('Enter');
  await page.getByRole('button', { name: 'Resolved' }).press('Enter');
  // Whoever is back before it is written finds it dimmed, as rows are that were changed in the list.
  await expect(page.getByRole('region', { name: 'Timeline' })).toContainText('Resolved');
  await page.getByRole('link', { name: 'Incidents', exact: true }).press('Enter');
  await expect(rows(page)).toHaveCount(1);
  await expect(page.locator('.row-link:focus')).toHaveText('Quokka two');
});

test('ages tell the exact time on hover and on focus', async ({ page }) => {
  await page.goto('/');
  await page.locator('.c-age time').first().hover();
  await expect(page.getByRole('tooltip')).toHaveText(
    /^Started .* local · \d{4}-\d\d-\d\d \d\d:\d\d UTC$/,
  );
  await page.keyboard.press('Escape');
  await expect(page.getByRole('tooltip')).toBeHidden();
  await page.getByRole('columnheader', { name: 'Updated' }).getByRole('link').focus();
  // The box of the row comes first.
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await expect(page.locator('.row-link').first()).toBeFocused();
  await expect(page.getByRole('tooltip')).toHaveText(/^Started .* UTC$/);
});

test('the row height is remembered', async ({ page }) => {
  await page.goto('/');
  const height = async () => Math.round((await rows(page).nth(3).boundingBox())?.height ?? 0);
  expect(await height()).toBe(36);
  await page.getByRole('button', { name: 'compact rows' }).click();
  expect(await height()).toBe(30);
  await page.reload();
  await expect(rows(page).first()).toBeVisible();
  expect(await height()).toBe(30);
  await page.getByRole('button', { name: 'comfortable rows' }).click();
  expect(await height()).toBe(44);
});

test('a server that is away is told, and the list comes back', async ({ page }) => {
  await page.route('**/api/incidents?*', (route) => route.abort());
  await page.goto('/');
  await expect(page.getByRole('alert')).toContainText('The server cannot be reached.');
  await page.unroute('**/api/incidents?*');
  await page.getByRole('button', { name: 'Retry' }).click();
  await expect(rows(page).first()).toBeVisible();
});

test('a device that is offline is told', async ({ page, context }) => {
  await page.goto('/');
  await context.setOffline(true);
  await expect(page.getByText('This device is offline.')).toBeVisible();
  await context.setOffline(false);
  await expect(page.getByText('This device is offline.')).toBeHidden();
});

test('a page whose code cannot be loaded offers a reload', async ({ page }) => {
  await page.route('**/assets/CreateIncidentPage-*', (route) => route.abort());
  await page.goto('/incidents/new');
  await expect(page.getByRole('heading', { name: 'This page could not be loaded' })).toBeVisible();
  await page.unroute('**/assets/CreateIncidentPage-*');
  await page.getByRole('button', { name: 'Reload' }).click();
  await expect(page.getByRole('heading', { name: 'New incident' })).toBeVisible();
});
