import { expect, type Page, test } from '@playwright/test';
import { changeAs, createIncident } from './api';

test.beforeEach(async ({ page }) => {
  await page.addInitScript(() => localStorage.setItem('displayName', 'Zoë Ångström'));
});

async function open(page: Page, incident: { number: number }) {
  await page.goto(`/incidents/INC-${incident.number}`);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
}

const timeline = (page: Page) =>
  page.getByRole('region', { name: 'Timeline' }).getByRole('listitem');

test('everything is edited in place, and the timeline tells it with the name', async ({
  page,
  request,
}) => {
  await open(page, await createIncident(request));
  await expect(timeline(page)).toHaveCount(1);

  await page.getByRole('button', { name: 'Mitigated' }).click();
  await expect(page.getByRole('button', { name: 'Mitigated' })).toHaveAttribute(
    'aria-pressed',
    'true',
  );
  await expect(timeline(page).last()).toContainText('Zoë Ångström marked it Mitigated');
  await expect(page.getByText('Time to mitigate')).toBeVisible();

  await page.getByRole('button', { name: 'SEV1', exact: true }).click();
  await expect(timeline(page).last()).toContainText('changed the severity SEV3 → to SEV1');

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
  await expect(timeline(page).last()).toContainText('Zoë Ångström took it on');

  await page.getByRole('button', { name: 'Edit summary' }).click();
  await page.getByRole('textbox', { name: 'Summary' }).fill('# Cause\n\nA **full** disk.');
  await page.getByRole('button', { name: 'Preview' }).first().click();
  await expect(page.locator('.preview strong')).toHaveText('full');
  await page.getByRole('button', { name: 'Write' }).first().click();
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
  // The server's clock judges the future; what the page knows itself, it says before asking.
  await expect(page.getByText('Must not be in the future')).toBeVisible();
  await page.getByLabel('Started, local time').fill('2024-01-01T00:00:00');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('region', { name: 'Times' })).toContainText('1 Jan 2024');
  await expect(page.getByRole('button', { name: 'Edit start time' })).toBeFocused();
  await expect(timeline(page).last()).toContainText(
    /changed the start time .* 1 Jan 2024, 00:00 .*earlier/,
  );
  await page.getByRole('button', { name: 'Resolved' }).click();
  await page.getByRole('button', { name: 'Edit resolution time' }).click();
  await page.getByLabel('Resolved, local time').fill('2023-12-31T23:00:00');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Before the start, 1 Jan 2024, 00:00:00.')).toBeVisible();
});

test('nobody is overwritten unseen, and nothing typed is lost', async ({ page, request }) => {
  const incident = await createIncident(request);
  await open(page, incident);
  await page.getByRole('button', { name: 'Edit summary' }).click();
  await page.getByRole('textbox', { name: 'Summary' }).fill('What I found.');
  await changeAs(request, 'Cleo', incident.id, { severity: 'SEV1', summary: 'What Cleo found.' });
  await page.getByRole('textbox', { name: 'Summary' }).press('Control+Enter');

  const conflict = page.getByRole('region', {
    name: 'This incident changed while you were editing',
  });
  await expect(conflict).toBeFocused();
  await expect(conflict).toContainText(/Cleo.*severity SEV3 → to SEV1/);
  await expect(conflict.getByRole('textbox', { name: 'Their summary' })).toHaveValue(
    'What Cleo found.',
  );
  await expect(conflict.getByRole('textbox', { name: 'My summary' })).toHaveValue('What I found.');
  await expect(page.getByRole('button', { name: 'SEV1', exact: true })).toHaveAttribute(
    'aria-pressed',
    'true',
  );

  // Undecided, it waits through a reload. By keyboard alone: Tab to the choice, arrow to mine, save.
  await page.reload();
  await expect(conflict).toBeVisible();
  await conflict.getByRole('radio', { name: /^Theirs/ }).focus();
  await page.keyboard.press('ArrowDown');
  await expect(conflict.getByRole('radio', { name: /^Mine/ })).toBeChecked();

  // Changed once more in the same place, it is asked for once more.
  await changeAs(request, 'Dan', incident.id, { summary: 'What Dan found.' });
  await page.keyboard.press('Control+Enter');
  await expect(conflict.getByRole('textbox', { name: 'Their summary' })).toHaveValue(
    'What Dan found.',
  );
  await expect(conflict.getByRole('radio', { name: /^Mine/ })).not.toBeChecked();
  await expect(conflict).toBeFocused();
  await conflict.getByRole('radio', { name: /^Mine/ }).check();
  await conflict.getByRole('button', { name: 'Save' }).click();
  await expect(conflict).toBeHidden();
  await expect(page.getByText('What I found.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Edit summary' })).toBeFocused();
  await expect(page.getByText('You have an unsaved draft.')).toBeHidden();
  const now = await (await request.get(`/api/incidents/${incident.id}`)).json();
  expect(now).toMatchObject({ summary: 'What I found.', severity: 'SEV1' });
});

test('changes of different fields are no conflict', async ({ page, request }) => {
  const incident = await createIncident(request);
  await open(page, incident);
  await page.getByRole('button', { name: 'Edit title' }).click();
  await page.keyboard.type('Mine, and theirs');
  await changeAs(request, 'Cleo', incident.id, { severity: 'SEV1', owner: 'Cleo' });
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Mine, and theirs' })).toBeVisible();
  const now = await (await request.get(`/api/incidents/${incident.id}`)).json();
  expect(now).toMatchObject({ title: 'Mine, and theirs', severity: 'SEV1', owner: 'Cleo' });
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
