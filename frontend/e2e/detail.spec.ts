import { expect, type Page, test } from '@playwright/test';
import { changeAs, createIncident } from './api';

test.beforeEach(async ({ page }) => {
  await page.addInitScript(() => localStorage.setItem('displayName', 'Zoë Ångström'));
});

async function open(page: Page, incident: { number: number }) {
  await page.goto(`/incidents/INC-${incident.number}`);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
}

const history = (page: Page) => page.getByRole('region', { name: 'History' }).getByRole('listitem');

test('everything is edited in place, and the history tells it with the name', async ({
  page,
  request,
}) => {
  await open(page, await createIncident(request));
  await expect(history(page)).toHaveCount(1);

  await page.getByRole('button', { name: 'Mitigated' }).click();
  await expect(page.getByRole('button', { name: 'Mitigated' })).toHaveAttribute(
    'aria-pressed',
    'true',
  );
  await expect(history(page).last()).toContainText('Zoë Ångström marked it Mitigated');
  await expect(page.getByText('Time to mitigate')).toBeVisible();

  await page.getByRole('button', { name: 'SEV1', exact: true }).click();
  await expect(history(page).last()).toContainText('changed the severity SEV3 → to SEV1');

  await page.getByRole('button', { name: 'Edit title' }).click();
  await page.keyboard.type('Renamed in place');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Renamed in place' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Edit title' })).toBeFocused();

  await page.getByRole('button', { name: 'Edit service' }).click();
  await page.keyboard.type('test-s');
  await page.getByRole('option', { name: /test-service/ }).click();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Assign to me' }).click();
  await expect(history(page).last()).toContainText('Zoë Ångström took it on');

  await page.getByRole('button', { name: 'Edit summary' }).click();
  await page.getByRole('textbox', { name: 'Summary' }).fill('# Cause\n\nA **full** disk.');
  await page.getByRole('button', { name: 'Preview' }).click();
  await expect(page.locator('.preview strong')).toHaveText('full');
  await page.getByRole('button', { name: 'Write' }).click();
  await page.getByRole('textbox', { name: 'Summary' }).press('Control+Enter');
  await expect(page.getByRole('heading', { level: 3, name: 'Cause' })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('heading', { level: 3, name: 'Cause' })).toBeVisible();
});

test('a time that cannot be is refused at its field', async ({ page, request }) => {
  await open(page, await createIncident(request));
  await page.getByRole('button', { name: 'Edit start time' }).click();
  await page.getByLabel('Started, local time').fill('2099-01-01T00:00:00');
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Started, local time')).toHaveAttribute('aria-invalid', 'true');
  await page.getByLabel('Started, local time').fill('2024-01-01T00:00:00');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('region', { name: 'Times' })).toContainText('1 Jan 2024');
  await expect(page.getByRole('button', { name: 'Edit start time' })).toBeFocused();
});

test('nobody is overwritten unseen, and nothing typed is lost', async ({ page, request }) => {
  const incident = await createIncident(request);
  await open(page, incident);
  await page.getByRole('button', { name: 'Edit summary' }).click();
  await page.getByRole('textbox', { name: 'Summary' }).fill('What I found.');
  await changeAs(request, 'Cleo', incident.id, { severity: 'SEV1', summary: 'What Cleo found.' });
  await page.getByRole('textbox', { name: 'Summary' }).press('Control+Enter');

  const conflict = page.getByRole('alert');
  await expect(conflict).toBeFocused();
  await expect(conflict).toContainText(/Cleo.*severity SEV3 → to SEV1/);
  await expect(conflict).toContainText('What I found.');
  await expect(page.getByRole('button', { name: 'SEV1', exact: true })).toHaveAttribute(
    'aria-pressed',
    'true',
  );

  await conflict.getByRole('button', { name: 'Use theirs' }).click();
  await expect(page.locator('main')).toBeFocused();
  await expect(page.getByText('What Cleo found.')).toBeVisible();
  await expect(page.getByText('You have an unsaved draft.')).toBeVisible();

  await page.getByRole('button', { name: 'Continue' }).click();
  await changeAs(request, 'Cleo', incident.id, { owner: 'Cleo' });
  await page.getByRole('textbox', { name: 'Summary' }).press('Control+Enter');
  await conflict.getByRole('button', { name: 'Save mine anyway' }).click();
  await expect(page.getByText('What I found.')).toBeVisible();
  await expect(conflict).toBeHidden();
  await expect(page.getByText('You have an unsaved draft.')).toBeHidden();
  const now = await (await request.get(`/api/incidents/${incident.id}`)).json();
  expect(now).toMatchObject({ summary: 'What I found.', severity: 'SEV1', owner: 'Cleo' });
});

test('a refused or failed change is told, and what was typed stays', async ({ page, request }) => {
  await open(page, await createIncident(request));
  await page.route('**/api/incidents/*', (route) =>
    route.request().method() === 'PATCH' ? route.abort() : route.continue(),
  );
  await page.getByRole('button', { name: 'Edit title' }).click();
  await page.keyboard.type('Typed on a bad line');
  await page.keyboard.press('Enter');
  await expect(page.getByText('The server cannot be reached.')).toBeVisible();
  await expect(page.getByRole('combobox', { name: 'Title' })).toHaveValue('Typed on a bad line');
  await page.getByRole('button', { name: 'Resolved' }).click();
  await expect(page.getByRole('button', { name: 'Retry' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Resolved' })).toHaveAttribute(
    'aria-pressed',
    'false',
  );
  await page.unroute('**/api/incidents/*');
  await page.getByRole('button', { name: 'Retry' }).click();
  await expect(page.getByRole('button', { name: 'Resolved' })).toHaveAttribute(
    'aria-pressed',
    'true',
  );
});

test('hostile text is text', async ({ page, request }) => {
  page.on('dialog', () => {
    throw new Error('a script ran');
  });
  const title = '<img src=x onerror=alert(1)> \u202Eevil';
  await open(
    page,
    await createIncident(request, {
      title,
      summary: '<script>alert(1)</script><img src=x onerror=alert(1)>ok',
    }),
  );
  await expect(page.getByRole('heading', { level: 1 })).toContainText('<img src=x');
  await expect(page.locator('.markdown')).toHaveText('ok');
});

test('what does not exist says so', async ({ page }) => {
  await page.goto('/incidents/INC-999999');
  await expect(
    page.getByRole('heading', { name: 'There is no incident INC-999999' }),
  ).toBeVisible();
  await page.goto('/no/such/page');
  await expect(page.getByRole('heading', { name: 'There is no page here' })).toBeVisible();
  await page.getByRole('link', { name: 'Open incidents', exact: true }).click();
  await expect(page).toHaveURL('/');
});
