import { expect, type Page, test } from '@playwright/test';
import { createIncident } from './api';

const palette = (page: Page) => page.getByRole('dialog', { name: 'Command palette' });
const chosen = (page: Page) => palette(page).getByRole('option', { selected: true });

async function openList(page: Page, url = '/') {
  await page.goto(url);
  await expect(page.locator('.row-link').first()).toBeVisible();
}

async function openPalette(page: Page, text = '') {
  await page.keyboard.press('Control+k');
  await expect(palette(page).getByRole('combobox')).toBeFocused();
  await page.keyboard.type(text);
}

test('everything from the palette, without a mouse', async ({ page }) => {
  await openList(page, '/?status=all&per_page=25');
  const row = page.locator('.row-link').nth(3);
  await row.focus();

  await openPalette(page);
  await page.keyboard.press('Escape');
  await expect(palette(page)).toBeHidden();
  await expect(row).toBeFocused();

  await openPalette(page, 'next pa');
  await expect(chosen(page)).toHaveText('Next page]');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/page=2/);
  await expect(page.locator('.row-link:focus')).toHaveCount(1);

  await openPalette(page, 'unassigned');
  await page.keyboard.press('Enter');
  const views = page.getByRole('navigation', { name: 'Views' });
  await expect(views.locator('[aria-current=page]')).toHaveText(/^Unassigned/);

  await openPalette(page, 'inc-3');
  await expect(chosen(page)).toContainText(/SEV\d.+INC-3/);
  const title = (await chosen(page).locator('.grow').textContent()) ?? '';
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible();

  // From a field as well, and what was opened is offered again.
  await page.keyboard.press('/');
  await openPalette(page);
  await expect(palette(page).getByRole('group', { name: 'Recent' })).toContainText(title);
  await page.keyboard.type('report');
  await expect(chosen(page)).toHaveText('New incidentc');
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Title')).toBeFocused();
});

test('an incident is found by its text, and opens in another tab', async ({ page, context }) => {
  const word = `Quokka${Date.now()}`;
  const incident = await createIncident(page.request, { title: `${word} is down` });
  await openList(page);
  await page.locator('.row-link').first().focus();
  await openPalette(page, word.toLowerCase());
  const found = palette(page).getByRole('group', { name: 'Found' }).getByRole('option');
  await expect(found).toContainText(`INC-${incident.number}`);
  await page.keyboard.press('ArrowDown');
  await expect(found).toHaveAttribute('aria-selected', 'true');
  const opened = context.waitForEvent('page');
  await page.keyboard.press('Control+Enter');
  await expect(await opened).toHaveURL(`/incidents/INC-${incident.number}`);
  await expect(page.locator('.row-link').first()).toBeFocused();

  await openPalette(page, word);
  await page.keyboard.press('Enter');
  await expect(page.locator('.row-link')).toHaveText([`${word} is down`]);
});

test('the menu of a row', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await openList(page);
  const row = page.locator('.row-link').nth(1);
  const key = await page.locator('.row-key').nth(1).textContent();
  const menu = page.getByRole('menu', { name: key ?? '' });
  await row.focus();

  await page.keyboard.press('Shift+F10');
  await expect(menu.getByRole('menuitem', { name: 'Open', exact: false }).first()).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(menu).toBeHidden();
  await expect(row).toBeFocused();

  await row.click({ button: 'right' });
  await page.keyboard.press('c');
  await expect(menu.getByRole('menuitem', { name: 'Copy the link' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByText(`The link to ${key} copied`)).toBeVisible();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(new URL(copied).pathname).toBe(`/incidents/${key}`);
  await expect(row).toBeFocused();

  // The click that closes it does not open the row that it hits, and one at the edge of the window is still whole.
  const size = page.viewportSize() ?? { width: 0, height: 0 };
  await page.mouse.click(size.width - 4, size.height - 4, { button: 'right' });
  const box = await page.getByRole('menu').boundingBox();
  expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(size.width);
  expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(size.height);
  await page.mouse.click(400, 300);
  await expect(page.getByRole('menu')).toBeHidden();
  await expect(page.locator('.row-link:focus')).toHaveCount(1);
  await expect(page).toHaveURL('/');
});

test('single letters can be turned off, and the palette has what they did', async ({ page }) => {
  await openList(page);
  await page.locator('.row-link').first().focus();
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  const letters = help.getByRole('checkbox', { name: /Single-letter/ });
  await letters.focus();
  await page.keyboard.press('Space');
  await expect(letters).not.toBeChecked();
  await page.keyboard.press('Escape');
  await expect(page.locator('.row-link').first()).toBeFocused();

  await page.reload();
  await page.locator('.row-link').first().focus();
  for (const key of ['c', '/', '?', 'g', 'i', ']', '.', 'Shift+J']) await page.keyboard.press(key);
  await expect(page).toHaveURL('/');
  await expect(page.locator('.row-link').first()).toBeFocused();
  await expect(help).toBeHidden();
  await expect(page.locator('.search kbd')).toBeHidden();

  await openPalette(page, 'help');
  await page.keyboard.press('Enter');
  await letters.focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('Escape');
  await page.keyboard.press('c');
  await expect(page).toHaveURL('/incidents/new');
});

test('what may follow the first key shows after a moment', async ({ page }) => {
  await openList(page);
  await page.locator('.row-link').first().focus();
  const hint = page.locator('.key-hint');
  await page.keyboard.press('g');
  await expect(hint).toHaveText(/i\s*Go to the incident list/);
  await expect(hint).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(hint).toBeHidden();

  // Text that can be edited is typing, wherever it is.
  await page.evaluate(() => {
    const text = document.createElement('div');
    text.contentEditable = 'true';
    text.innerHTML = '<p><b tabindex="0">some text</b></p>';
    document.querySelector('main')?.prepend(text);
    text.querySelector('b')?.focus();
  });
  await page.keyboard.type('cg');
  await expect(hint).toBeHidden();
  await expect(page).toHaveURL('/');
});

test('on a phone a button opens it over the whole width', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await openList(page);
  await page.getByRole('button', { name: 'Command palette' }).click();
  expect((await palette(page).boundingBox())?.width).toBe(390);
  for (const option of await palette(page).getByRole('option').all())
    expect((await option.boundingBox())?.height).toBeGreaterThanOrEqual(44);
  await palette(page).getByRole('combobox').fill('dark');
  await palette(page).getByRole('option', { name: 'Dark theme' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});
