import { expect, type Page, test } from '@playwright/test';
import { createIncident } from './api';

/** Presses what is given, and counts. */
function keyboardOf(page: Page) {
  let presses = 0;
  return {
    press: async (key: string) => {
      presses += 1;
      await page.keyboard.press(key);
    },
    presses: () => presses,
  };
}

const title = (page: Page) => page.getByLabel('Title');
const service = (page: Page) => page.getByRole('combobox', { name: 'Service' });
const panel = (page: Page) => page.getByRole('region', { name: 'Already reported?' });

test('by keys alone: six presses and the words of the title', async ({ page, request }) => {
  await createIncident(request, { service: 'night-shift' });
  await page.goto('/?q=service:night-shift');
  await expect(page.locator('tbody tr').first()).toBeVisible();
  const keys = keyboardOf(page);
  await keys.press('c');
  await expect(title(page)).toBeFocused();
  await page.keyboard.type('Cards are refused in Lisbon');
  await keys.press('Tab');
  await keys.press('ArrowDown');
  await keys.press('Tab');
  await expect(service(page)).toHaveValue('night-shift');
  await keys.press('1');
  await keys.press('Control+Enter');
  await expect(
    page.getByRole('heading', { level: 1, name: 'Cards are refused in Lisbon' }),
  ).toBeVisible();
  expect(keys.presses()).toBe(6);
  await expect(page.getByText(/^INC-\d+ created$/)).toBeVisible();
  await expect(page.getByRole('group', { name: 'Severity' }).getByText('SEV1')).toBeVisible();
  // The keyboard goes on in the incident, not at the top of the page.
  expect(await page.evaluate(() => document.activeElement?.closest('main') !== null)).toBe(true);

  // To the list it is no news.
  await page.getByRole('link', { name: 'Incidents', exact: true }).click();
  await expect(page.locator('tbody tr').first()).toBeVisible();
  await page.waitForTimeout(1_000);
  await expect(page.getByRole('button', { name: /new/ })).toHaveCount(0);
  await page.getByRole('combobox', { name: 'Search' }).fill('service:night-shift ');
  await expect(
    page.getByRole('link', { name: 'Cards are refused in Lisbon' }).first(),
  ).toBeVisible();
  await expect(page.getByRole('button', { name: /new/ })).toHaveCount(0);

  // From now on the service is the first that is offered everywhere.
  await page.goto('/incidents/new');
  await service(page).focus();
  await expect(page.getByRole('option').first()).toHaveText('night-shiftlast used');
});

test('mistakes are told at their fields; then Mod+Enter makes exactly one incident', async ({
  page,
}) => {
  await page.goto('/');
  await page.getByRole('link', { name: 'New incident' }).first().click();
  await expect(title(page)).toBeFocused();
  await page.getByRole('button', { name: 'Create incident' }).click();
  await expect(title(page)).toBeFocused();
  await expect(page.getByText('Say what is broken.')).toBeVisible();
  await expect(page.getByText('Choose how bad it is.')).toBeVisible();
  await expect(page.getByText('Name the service that is affected.')).toBeVisible();

  const posts: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST') posts.push(request.url());
  });
  await title(page).fill('Cards are refused in Porto');
  await page.getByText('Badly broken').click();
  await service(page).fill('a');
  await page.getByRole('option').first().click();
  await service(page).press('Control+Enter');
  await page.keyboard.press('Control+Enter');
  await expect(
    page.getByRole('heading', { level: 1, name: 'Cards are refused in Porto' }),
  ).toBeVisible();
  await expect(page).toHaveURL(/\/incidents\/INC-\d+$/);
  expect(posts).toHaveLength(1);

  // The sent form is not what Back leads to.
  await page.goBack();
  await expect(page).toHaveURL('/');
  await page.goto('/incidents/new');
  await expect(title(page)).toHaveValue('');
});

test('what the server refuses is told at its field', async ({ page }) => {
  await page.goto('/incidents/new');
  await title(page).fill('Fine here');
  await page.getByText('Minor').click();
  // Control characters are the server's business.
  await service(page).fill('bad\u0007name');
  await page.getByRole('button', { name: 'Create incident' }).click();
  await expect(service(page)).toHaveAttribute('aria-invalid', 'true');
  await expect(service(page)).toBeFocused();
});

test('what is typed survives a failed request, a reload and a closed tab', async ({
  page,
  context,
}) => {
  await page.goto('/incidents/new');
  await title(page).fill('Written on a train');
  await page.getByText('Degraded').click();
  await service(page).fill('tunnel');
  await page.getByLabel('Summary').fill('No signal.');
  await page.route('**/api/incidents', (route) => route.abort());
  await page.getByRole('button', { name: 'Create incident' }).click();
  await expect(page.getByRole('alert')).toContainText('What you typed is kept.');
  await page.reload();
  await expect(page.getByText('Your draft was kept.')).toBeVisible();
  await expect(title(page)).toHaveValue('Written on a train');
  await page.close();

  const other = await context.newPage();
  await other.goto('/incidents/new');
  await expect(title(other)).toHaveValue('');
  await expect(other.getByRole('group', { name: 'Another draft' })).toContainText(
    'Written on a train',
  );
  await other.getByRole('button', { name: 'Continue it' }).click();
  await expect(other.getByLabel('Summary')).toHaveValue('No signal.');
  await other.getByRole('button', { name: 'Create incident' }).click();
  await expect(other.getByRole('heading', { level: 1, name: 'Written on a train' })).toBeVisible();
  await other.goto('/incidents/new');
  await expect(title(other)).toHaveValue('');
  await expect(other.getByRole('group', { name: 'Another draft' })).toHaveCount(0);
});

test('two tabs keep two drafts, a continued one too', async ({ page, context }) => {
  await page.goto('/incidents/new');
  await title(page).fill('Of the first tab');
  const second = await context.newPage();
  await second.goto('/incidents/new');
  await second.getByRole('button', { name: 'Continue it' }).click();
  await expect(title(second)).toHaveValue('Of the first tab');
  await title(second).fill('Of the second tab');
  await title(page).press('End');
  await page.keyboard.type(', still');
  await title(second).fill('');
  for (const tab of [page, second]) await tab.reload();
  await expect(title(page)).toHaveValue('Of the first tab, still');
  await expect(title(second)).toHaveValue('');
});

test('an incident that is open already is found while typing, and takes the summary', async ({
  page,
  request,
  context,
}) => {
  const incident = await createIncident(request, {
    title: 'Invoices are sent twice to some customers',
    service: 'billing-mail',
  });
  await page.goto('/incidents/new');
  await title(page).fill('Invoices sent twice');
  await service(page).fill('billing-mail');
  const found = panel(page).getByRole('listitem');
  await expect(found).toContainText('Invoices are sent twice to some customers');
  await expect(panel(page).getByRole('status')).toHaveText('1 similar open incident');

  // A look at it leaves the form as it is.
  const opened = context.waitForEvent('page');
  await found.getByRole('link').click();
  const look = await opened;
  await expect(look.getByRole('heading', { level: 1 })).toHaveText(/Invoices are sent twice/);
  await look.close();
  await expect(title(page)).toHaveValue('Invoices sent twice');

  await page.getByLabel('Summary').fill('Since 3 o’clock.');
  await found.getByRole('button', { name: 'This is it' }).click();
  await expect(page).toHaveURL(`/incidents/INC-${incident.number}`);
  await expect(page.getByRole('textbox', { name: 'Comment' })).toHaveValue('Since 3 o’clock.');
  await page.goBack();
  await expect(title(page)).toHaveValue('Invoices sent twice');
  await page.getByRole('link', { name: /^Incident Tracker/ }).click();
  await page.getByRole('link', { name: 'New incident' }).first().click();
  await expect(title(page)).toHaveValue('');
});

for (const width of [1440, 1024, 768, 390, 320]) {
  test(`at ${width} px nothing moves when something similar is found`, async ({
    page,
    request,
  }) => {
    await createIncident(request, { title: `Search is slow at ${width}`, service: 'still-form' });
    await page.setViewportSize({ width, height: 900 });
    await page.goto('/incidents/new');
    await service(page).fill('still-form');
    await page.keyboard.press('Escape');
    const fields = page.locator('.form :is(input, textarea, .choice, .form-actions .btn)');
    const boxes = async () =>
      Promise.all((await fields.all()).map(async (field) => field.boundingBox()));
    await title(page).fill('Se');
    const before = await boxes();
    await title(page).fill(`Search is slow at ${width}`);
    await expect(panel(page).getByRole('status')).toHaveText(/similar open/);
    expect(await boxes()).toEqual(before);
    await title(page).fill('Something else altogether');
    await expect(panel(page)).toContainText('Nothing like it is open in still-form.');
    expect(await boxes()).toEqual(before);
  });
}
