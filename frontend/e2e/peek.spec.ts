import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import { changeAs, createIncident } from './api';
import { withoutStream } from './stream';

const LIST = '/?q=&sort_by=number&order=asc';

const row = (page: Page, index: number) => page.locator('tbody .row-link').nth(index);
const peek = (page: Page) => page.getByRole('complementary', { name: /^INC-/ });

/** The list with the focus on its first row, and the peek open. */
async function openPeek(page: Page, at = LIST) {
  await page.goto(at);
  await expect(row(page, 0)).toBeVisible();
  await row(page, 0).focus();
  await page.keyboard.press('Space');
  await expect(peek(page)).toBeVisible();
}

async function titleOf(page: Page, index: number): Promise<string> {
  return (await row(page, index).textContent()) ?? '';
}

test('the peek follows the keys, and the focus stays in the rows', async ({ page }) => {
  await openPeek(page);
  for (const index of [1, 2, 3]) {
    await page.keyboard.press('j');
    await expect(row(page, index)).toBeFocused();
    await expect(peek(page).getByRole('heading', { level: 2 })).toHaveText(
      await titleOf(page, index),
    );
    await expect(peek(page).getByRole('listitem').first()).toBeVisible();
  }
  await page.keyboard.press('k');
  await expect(peek(page).getByRole('heading', { level: 2 })).toHaveText(await titleOf(page, 2));

  // Through the panel and back, without a mouse.
  await peek(page).getByRole('button', { name: 'Close the peek' }).focus();
  await page.keyboard.press('j');
  await expect(row(page, 3)).toBeFocused();
  await page.keyboard.press('Space');
  await expect(peek(page)).toBeHidden();
  await expect(row(page, 3)).toBeFocused();
});

test('Escape closes the peek first, then gives up the selection', async ({ page }) => {
  await openPeek(page);
  await page.keyboard.press('x');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await expect(page.locator('tr[data-selected]')).toHaveCount(2);
  await page.keyboard.press('Escape');
  await expect(peek(page)).toBeHidden();
  await expect(page.locator('tr[data-selected]')).toHaveCount(2);
  await page.keyboard.press('Escape');
  await expect(page.locator('tr[data-selected]')).toHaveCount(0);
  await expect(row(page, 1)).toBeFocused();
});

test('what happens to the incident shows in the peek', async ({ page, request }) => {
  const incident = await createIncident(request, { title: 'Watched in the peek' });
  await openPeek(page, '/?q=Watched');
  await expect(page.locator('.live')).toHaveAttribute('data-state', 'live');
  await changeAs(request, 'Cleo', incident.id, { status: 'MITIGATED' });
  await expect(peek(page).getByRole('listitem').first()).toContainText('Cleo marked it Mitigated');
  await expect(peek(page).getByRole('button', { name: 'Mitigated' })).toHaveAttribute(
    'aria-pressed',
    'true',
  );
});

test('Enter opens the page, [ and ] walk through the list, Back finds row and peek', async ({
  page,
}) => {
  await openPeek(page);
  const titles = [await titleOf(page, 0), await titleOf(page, 1), await titleOf(page, 2)];
  await page.keyboard.press('Enter');
  const heading = page.getByRole('heading', { level: 1 });
  await expect(heading).toHaveText(titles[0] ?? '');
  const walk = page.getByRole('navigation', { name: 'The list it was opened from' });
  await expect(walk).toContainText(/^1 of /);
  await page.keyboard.press(']');
  await expect(heading).toHaveText(titles[1] ?? '');
  await page.keyboard.press(']');
  await expect(heading).toHaveText(titles[2] ?? '');
  await expect(walk).toContainText(/^3 of /);

  // The keys of the list act here too, and the focus stays.
  await page.keyboard.press('a');
  await expect(page.getByRole('combobox', { name: 'Owner' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'Edit owner' })).toBeFocused();

  await page.goBack();
  await expect(page).toHaveURL(LIST);
  await expect(row(page, 2)).toBeFocused();
  await expect(peek(page).getByRole('heading', { level: 2 })).toHaveText(titles[2] ?? '');
});

test('the walk goes on past the end of the page, and Back turns to it', async ({ page }) => {
  await page.goto(`${LIST}&per_page=25`);
  await expect(row(page, 24)).toBeVisible();
  await row(page, 24).focus();
  await page.keyboard.press('Enter');
  const walk = page.getByRole('navigation', { name: 'The list it was opened from' });
  await expect(walk).toContainText(/^25 of /);
  await page.keyboard.press(']');
  await expect(walk).toContainText(/^26 of /);
  const title = (await page.getByRole('heading', { level: 1 }).textContent()) ?? '';
  await page.getByRole('link', { name: 'Incidents', exact: true }).press('Enter');
  await expect(page.getByRole('link', { name: title })).toBeFocused();
  await expect(page).toHaveURL(/page=2/);
});

test('an incident is acted upon by key on its page, and z takes it back', async ({
  page,
  request,
}) => {
  const incident = await createIncident(request);
  await page.goto(`/incidents/INC-${incident.number}`);
  await expect(page.getByRole('article')).toBeFocused();
  await page.keyboard.press('m');
  await expect(page.getByRole('button', { name: 'Mitigated' })).toHaveAttribute(
    'aria-pressed',
    'true',
  );
  await expect(page.getByRole('article')).toBeFocused();
  await expect
    .poll(async () => (await (await request.get(`/api/incidents/${incident.id}`)).json()).status)
    .toBe('MITIGATED');
  await page.keyboard.press('z');
  await expect
    .poll(async () => (await (await request.get(`/api/incidents/${incident.id}`)).json()).status)
    .toBe('OPEN');
});

test('on a phone it is a sheet that leaves its row in sight', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(LIST);
  await row(page, 7).focus();
  await page.keyboard.press('Space');
  await expect(peek(page)).toBeVisible();
  await expect
    .poll(async () => {
      const sheet = await peek(page).boundingBox();
      const card = await page.locator('tbody tr').nth(7).boundingBox();
      return card && sheet ? sheet.y - (card.y + card.height) : Number.NaN;
    })
    .toBeGreaterThanOrEqual(0);
  const close = peek(page).getByRole('button', { name: 'Close the peek' });
  expect((await close.boundingBox())?.height).toBeGreaterThanOrEqual(44);
  await close.press('Enter');
  await expect(peek(page)).toBeHidden();
  await expect(row(page, 7)).toBeFocused();
});

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

for (const width of [1440, 1024, 390]) {
  test(`axe finds nothing with the peek open at ${width} px, in light and in dark`, async ({
    page,
  }) => {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme: 'light' });
    await withoutStream(page);
    await openPeek(page, `${LIST}&per_page=25`);
    await expect(peek(page).getByRole('listitem').first()).toBeVisible();
    await expectNothing(new AxeBuilder({ page }).withTags(RULES));
    await page.emulateMedia({ colorScheme: 'dark' });
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
    await expectNothing(new AxeBuilder({ page }).withRules('color-contrast'));
  });
}

async function expectNothing(axe: AxeBuilder) {
  const { violations } = await axe.analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
}
