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
  await page.keyboard.press('Space');
  await expect(page.getByRole('radio', { name: /SEV1/ })).toBeChecked();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('radio', { name: /SEV2/ })).toBeChecked();
  await page.keyboard.press('Tab');
  await page.keyboard.type('keyboard-service');
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
