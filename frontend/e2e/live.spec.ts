import { expect, type Page, test } from '@playwright/test';
import { changeAs, createIncident } from './api';
import { allowStream, openLine, refuseStream } from './stream';

const titles = (page: Page) => page.locator('tbody .row-link').allTextContents();
const dot = (page: Page) => page.locator('.live');

async function open(page: Page, path = '/') {
  await page.goto(path);
  await expect(page.locator('tbody tr').first()).toBeVisible();
  await expect(dot(page)).toHaveAttribute('data-state', 'live');
}

/** Where every row is, to the pixel. */
function places(page: Page) {
  return page
    .locator('tbody tr')
    .evaluateAll((rows) =>
      rows.map((row) => [row.getAttribute('data-id'), row.getBoundingClientRect().top]),
    );
}

test('two tabs hold one stream, and show what others do within a second', async ({
  context,
  request,
}) => {
  const streams: string[] = [];
  context.on('request', (one) => {
    if (one.url().includes('/events/stream')) streams.push(one.url());
  });
  const incident = await createIncident(request, { title: 'Walrus in the pipeline' });
  const first = await context.newPage();
  const second = await context.newPage();
  await open(first, '/?q=status:open,mitigated+walrus');
  await open(second, '/?q=status:open,mitigated+walrus');
  expect(streams).toHaveLength(1);

  const began = Date.now();
  await changeAs(request, 'Cleo', incident.id, { owner: 'Cleo', status: 'MITIGATED' });
  for (const page of [first, second]) {
    await expect(page.locator('tbody tr')).toContainText(/Mitigated.*Cleo/);
  }
  expect(Date.now() - began).toBeLessThan(1_000);

  await first.close();
  await changeAs(request, 'Cleo', incident.id, { title: 'Walrus out of the pipeline' });
  await expect(second.locator('tbody tr')).toContainText('Walrus out of the pipeline');
  expect(streams).toHaveLength(2);
  // The second takes over where the first was.
  expect(streams[1]).toMatch(/\?after=\d+-\d+$/);
});

test('rows change in place and never move; what is new waits to be asked for', async ({
  page,
  request,
}) => {
  // Long enough for all that the tests before have left.
  await open(page, '/?per_page=100');
  const ids = await page
    .locator('tbody tr')
    .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-id') ?? ''));
  const before = await places(page);
  const [, second = '', third = ''] = ids;
  const row = (id: string) => page.locator(`tr[data-id="${id}"]`);
  await row(third).getByRole('link').focus();

  await changeAs(request, 'Cleo', second, { status: 'RESOLVED' });
  await expect(row(second)).toContainText(/Resolved.*no longer in this list/);
  await changeAs(request, 'Cleo', third, { severity: 'SEV4' });
  await expect(row(third)).toContainText('SEV4');
  await createIncident(request, { title: 'Narwhal in the pipeline', severity: 'SEV1' });
  const pill = page.getByRole('button', { name: /1 new · 1 SEV1/ });
  await expect(pill).toBeVisible();
  await expect(page).toHaveTitle('(1 SEV1) Incidents · Incident Tracker');
  await expect(page.locator('[aria-live="assertive"]')).toContainText('Narwhal in the pipeline');

  // What is read again meanwhile, because somebody came back to the window or by itself, moves nothing either.
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await page.waitForTimeout(2_500);
  expect(await places(page)).toEqual(before);
  await expect(row(third).getByRole('link')).toBeFocused();

  await page.keyboard.press('.');
  await expect(pill).toBeHidden();
  await expect(page).toHaveTitle('Incidents · Incident Tracker');
  await expect.poll(() => titles(page)).toContain('Narwhal in the pipeline');
  await expect(row(second)).toHaveCount(0);
});

test('a pressed pill gives the focus to what it brought', async ({ page, request }) => {
  await open(page, '/?sort_by=createdAt');
  await createIncident(request, { title: 'Beluga in the pipeline' });
  await page.getByRole('button', { name: /1 new/ }).press('Enter');
  await expect(page.getByRole('link', { name: 'Beluga in the pipeline' })).toBeFocused();
});

test('an incident is followed on its page, and an open editor is left alone', async ({
  page,
  request,
}) => {
  const incident = await createIncident(request);
  await page.goto(`/incidents/INC-${incident.number}`);
  await expect(dot(page)).toHaveAttribute('data-state', 'live');
  await page.getByRole('button', { name: 'Edit summary' }).click();
  await page.getByRole('textbox', { name: 'Summary' }).fill('What I found.');
  await changeAs(request, 'Cleo', incident.id, { severity: 'SEV1', summary: 'What Cleo found.' });
  await expect(page.getByRole('button', { name: 'SEV1', exact: true })).toHaveAttribute(
    'aria-pressed',
    'true',
  );
  await expect(page.getByRole('region', { name: 'Timeline' })).toContainText('Cleo');
  await expect(page.getByRole('textbox', { name: 'Summary' })).toHaveValue('What I found.');
  await page.getByRole('textbox', { name: 'Summary' }).press('Control+Enter');
  await expect(page.getByRole('textbox', { name: 'My summary' })).toHaveValue('What I found.');
  await expect(page.getByRole('textbox', { name: 'Their summary' })).toHaveValue(
    'What Cleo found.',
  );
});

test('after a restart of the server the stream is resumed, and nothing in between is missed', async ({
  page,
  request,
  baseURL,
}) => {
  const incident = await createIncident(request, { title: 'Manatee in the pipeline' });
  const line = await openLine(baseURL ?? '');
  await open(page, `${line.url}/?q=status:open,mitigated+manatee`);
  await line.cut();
  await expect(dot(page)).toHaveAttribute('data-state', 'reconnecting');
  await expect(page.locator('.live-word')).toHaveText('Reconnecting');
  const before = await page.locator('.search').boundingBox();
  await changeAs(request, 'Cleo', incident.id, { owner: 'Cleo' });
  await createIncident(request, { title: 'Manatee again' });
  await line.mend();
  await expect(dot(page)).toHaveAttribute('data-state', 'live', { timeout: 15_000 });
  await expect(page.locator('tbody tr')).toContainText('Cleo');
  await expect(page.getByRole('button', { name: /1 new/ })).toBeVisible();
  // The word came and went without moving anything beside it.
  expect(await page.locator('.search').boundingBox()).toEqual(before);
  await page.goto('about:blank');
  await line.cut();
});

test('where no stream can be held the list is polled, until one can', async ({ page, request }) => {
  test.setTimeout(90_000);
  const incident = await createIncident(request, { title: 'Dugong in the pipeline' });
  await refuseStream(page);
  await page.goto('/?q=status:open,mitigated+dugong');
  await expect(dot(page)).toHaveAttribute('data-state', 'polling', { timeout: 20_000 });
  await changeAs(request, 'Cleo', incident.id, { status: 'RESOLVED' });
  await createIncident(request, { title: 'Dugong again' });
  // The row has left what the server answers, and stays all the same.
  await expect(page.locator('tbody tr')).toContainText(/Resolved.*no longer in this list/, {
    timeout: 15_000,
  });
  await expect(page.getByRole('button', { name: /1 new/ })).toBeVisible();
  await allowStream(page);
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  await expect(dot(page)).toHaveAttribute('data-state', 'live', { timeout: 40_000 });
});
