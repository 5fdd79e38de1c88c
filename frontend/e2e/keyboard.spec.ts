import { expect, test } from '@playwright/test';

test('from the list to a resolved incident without a mouse', async ({ page }) => {
  await page.goto('/');
  await expect(page.locator('.row-link').first()).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: /^Open/ })).toBeFocused();

  await page.keyboard.press('c');
  await expect(page.getByLabel('Title')).toBeFocused();
  await page.keyboard.type('Made with keys only');
  await page.keyboard.press('Tab');
  await page.keyboard.type('keyboard-service');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  await expect(page.getByRole('radio', { name: /SEV1/ })).toBeChecked();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('radio', { name: /SEV2/ })).toBeChecked();
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Made with keys only' })).toBeVisible();

  const resolved = page.getByRole('button', { name: 'Resolved' });
  for (let presses = 0; presses < 25; presses += 1) {
    if (await resolved.evaluate((element) => element === document.activeElement)) break;
    await page.keyboard.press('Tab');
  }
  await expect(resolved).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(resolved).toHaveAttribute('aria-pressed', 'true');
  await expect(resolved).toBeFocused();

  await page.keyboard.press('g');
  await page.keyboard.press('i');
  await expect(page).toHaveURL('/');
});

test('the rows are one stop of Tab, and keys go on from there', async ({ page }) => {
  await page.goto('/?per_page=50');
  const links = page.locator('.row-link');
  await expect(links.nth(20)).toBeAttached();
  await page.keyboard.press('j');
  await expect(links.first()).toBeFocused();
  await expect(page.locator('.row-link[tabindex="0"]')).toHaveCount(1);
  for (const key of ['j', 'ArrowDown', 'j', 'k']) await page.keyboard.press(key);
  await expect(links.nth(2)).toBeFocused();

  // Below the header, and above the end of the window, wherever it goes.
  await page.keyboard.press('End');
  await expect(links.last()).toBeFocused();
  await page.keyboard.press('Home');
  for (let presses = 0; presses < 30; presses += 1) await page.keyboard.press('j');
  for (let presses = 0; presses < 25; presses += 1) await page.keyboard.press('k');
  const row = await page.locator('tbody tr:has(.row-link:focus)').boundingBox();
  const header = await page.locator('.incidents thead').boundingBox();
  expect(row?.y).toBeGreaterThanOrEqual((header?.y ?? 0) + (header?.height ?? 0));

  // Elsewhere and back: the box of the row, then the row.
  await page.keyboard.press('Tab');
  await expect(page.locator('tbody :focus')).toHaveCount(0);
  await page.keyboard.press('Shift+Tab');
  await expect(links.nth(5)).toBeFocused();
  await page.locator('.range').click();
  await expect(page.locator('.row-link:focus')).toHaveCount(0);
  await page.keyboard.press('j');
  await expect(links.nth(5)).toBeFocused();
});

test('the help opens, lists the keys, and gives the focus back', async ({ page }) => {
  await page.goto('/');
  const button = page.getByRole('button', { name: 'Keyboard shortcuts' });
  await button.focus();
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(help).toContainText('New incident');
  await page.keyboard.press('Escape');
  await expect(help).toBeHidden();
  await expect(button).toBeFocused();
});

test('what has the focus shows it', async ({ page }) => {
  await page.goto('/');
  await expect(page.locator('.row-link').first()).toBeVisible();
  for (let presses = 0; presses < 30; presses += 1) {
    await page.keyboard.press('Tab');
    const visible = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return 'nothing has the focus';
      const shown = element.matches('.row-link') ? element.closest('tr') : element;
      const style = getComputedStyle(shown ?? element);
      return style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) >= 2
        ? 'visible'
        : element.outerHTML;
    });
    expect(visible).toBe('visible');
  }
});
