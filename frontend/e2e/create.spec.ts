import { expect, test } from '@playwright/test';

test('mistakes are told at their fields; then Mod+Enter makes exactly one incident', async ({
  page,
}) => {
  await page.goto('/');
  await page.getByRole('link', { name: 'New incident' }).first().click();
  await expect(page.getByLabel('Title')).toBeFocused();
  await page.getByRole('button', { name: 'Create incident' }).click();
  await expect(page.getByLabel('Title')).toBeFocused();
  await expect(page.getByText('Say what is broken.')).toBeVisible();
  await expect(page.getByText('Choose how bad it is.')).toBeVisible();
  await expect(page.getByText('Name the service that is affected.')).toBeVisible();

  const posts: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST') posts.push(request.url());
  });
  await page.getByLabel('Title').fill('Cards are refused in Lisbon');
  await page.getByText('Badly broken').click();
  await page.getByRole('combobox', { name: 'Service' }).fill('a');
  await page.getByRole('option').first().click();
  await page.getByRole('combobox', { name: 'Service' }).press('Control+Enter');
  await page.keyboard.press('Control+Enter');
  await expect(
    page.getByRole('heading', { level: 1, name: 'Cards are refused in Lisbon' }),
  ).toBeVisible();
  await expect(page).toHaveURL(/\/incidents\/INC-\d+$/);
  expect(posts).toHaveLength(1);

  // The sent form is not what Back leads to.
  await page.goBack();
  await expect(page).toHaveURL('/');
  await page.goto('/incidents/new');
  await expect(page.getByLabel('Title')).toHaveValue('');
});

test('what the server refuses is told at its field', async ({ page }) => {
  await page.goto('/incidents/new');
  await page.getByLabel('Title').fill('Fine here');
  await page.getByText('Minor').click();
  // Control characters are the server's business.
  await page.getByRole('combobox', { name: 'Service' }).fill('bad\u0007name');
  await page.getByRole('button', { name: 'Create incident' }).click();
  await expect(page.getByRole('combobox', { name: 'Service' })).toHaveAttribute(
    'aria-invalid',
    'true',
  );
  await expect(page.getByRole('combobox', { name: 'Service' })).toBeFocused();
});

test('what is typed survives a failed request and a reload', async ({ page }) => {
  await page.goto('/incidents/new');
  await page.getByLabel('Title').fill('Written on a train');
  await page.getByText('Degraded').click();
  await page.getByRole('combobox', { name: 'Service' }).fill('tunnel');
  await page.getByLabel('Summary').fill('No signal.');
  await page.route('**/api/incidents', (route) => route.abort());
  await page.getByRole('button', { name: 'Create incident' }).click();
  await expect(page.getByRole('alert')).toContainText('What you typed is kept.');
  await page.unroute('**/api/incidents');
  await page.reload();
  await expect(page.getByText('Your draft was kept.')).toBeVisible();
  await expect(page.getByLabel('Title')).toHaveValue('Written on a train');
  await expect(page.getByLabel('Summary')).toHaveValue('No signal.');
  await page.getByRole('button', { name: 'Create incident' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Written on a train' })).toBeVisible();
});
