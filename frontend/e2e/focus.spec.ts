import { expect, type Page, test } from '@playwright/test';
import { changeAs, createIncident } from './api';

/*
 * The focus is never lost: whoever works by keyboard, or listens, would have to begin again at the top of the page.
 */
async function expectFocus(page: Page, after: string): Promise<void> {
  const focused = () =>
    page.evaluate(() => {
      const { activeElement, body } = document;
      if (activeElement === null || activeElement === body) return 'lost';
      return activeElement.checkVisibility() ? 'kept' : `hidden: ${activeElement.outerHTML}`;
    });
  // A frame or two may pass until what was closed has given it back.
  await expect.poll(focused, { message: `the focus after ${after}`, timeout: 3_000 }).toBe('kept');
}

async function press(page: Page, ...all: string[]): Promise<void> {
  for (const one of all) await page.keyboard.press(one);
  await expectFocus(page, all.join(' '));
}

/** Rows that only this test finds, with the focus on the first. */
async function openRows(page: Page, count: number) {
  const service = `focus-${Date.now()}`;
  const made = [];
  for (let index = 1; index <= count; index += 1) {
    made.push(
      await createIncident(page.request, { title: `Focus ${index}`, service, severity: 'SEV3' }),
    );
  }
  await page.goto(`/?q=status:open+service:${service}&sort_by=number&order=asc&per_page=25`);
  await expect(page.locator('tbody tr')).toHaveCount(Math.min(count, 25));
  await expect(page.locator('.live')).toHaveAttribute('data-state', 'live');
  await press(page, 'j');
  return { service, made };
}

const dialog = (page: Page) => page.locator('dialog[open]');

test('what is done to rows, their menu, the peek, the palette and the help give the focus back', async ({
  page,
}) => {
  test.setTimeout(60_000);
  await openRows(page, 6);
  const row = (index: number) => page.locator('.row-link').nth(index);
  const peek = page.locator('.peek');

  await press(page, 'm');
  await expect(row(1)).toBeFocused();
  await press(page, 's', '2');
  await press(page, 'z');
  await expect(page.locator('.toast').first()).toContainText('Undone');
  await page.locator('.toast').getByRole('button', { name: 'Redo' }).first().press('Enter');
  await expectFocus(page, 'Redo');
  await page.locator('.toast').getByRole('button', { name: /^Undo/ }).first().press('Enter');
  await expect(page.locator('.toast').first()).toContainText('Undone');
  await expectFocus(page, 'Undo in a toast');

  await row(1).focus();
  await press(page, 'Shift+F10');
  await expect(page.getByRole('menu')).toBeVisible();
  await press(page, 'Escape');
  await expect(row(1)).toBeFocused();
  await press(page, 'Shift+F10');
  await page.getByRole('menuitem', { name: /^Mitigate/ }).press('Enter');
  await expect(page.getByRole('menu')).toHaveCount(0);
  await expectFocus(page, 'an act from the menu');

  await row(1).focus();
  await press(page, 'a');
  await expect(page.locator('.assign input')).toBeFocused();
  await press(page, 'Escape');
  await expect(row(1)).toBeFocused();
  await press(page, 'a');
  await page.keyboard.type('Zita Focus');
  await press(page, 'Enter');
  await expect(page.locator('tbody tr').nth(1)).toContainText('Zita Focus');
  await expectFocus(page, 'Assign');

  await row(2).focus();
  await press(page, 'Space');
  await expect(peek).toBeVisible();
  await press(page, 'j');
  await press(page, 'e');
  await press(page, 'Escape');
  await expect(peek).toHaveCount(0);
  await expectFocus(page, 'closing the peek');
  await press(page, 'Space');
  await peek.getByRole('button', { name: /close/i }).press('Enter');
  await expect(peek).toHaveCount(0);
  await expectFocus(page, 'the button that closes the peek');

  await row(4).focus();
  await press(page, 'Control+k');
  await expect(dialog(page)).toBeVisible();
  await press(page, 'Escape');
  await expect(row(4)).toBeFocused();
  await press(page, 'Control+k');
  await page.keyboard.type('set sev1');
  await press(page, 'Enter');
  await expect(page.locator('tbody tr').nth(4)).toContainText('SEV1');
  await expectFocus(page, 'an act from the palette');

  await press(page, '?');
  await expect(dialog(page)).toBeVisible();
  await press(page, 'Escape');
  await expect(dialog(page)).toHaveCount(0);
  await expectFocus(page, 'the help');
});

test('many at once, what is new, filters, pages and the search give the focus back', async ({
  page,
}) => {
  test.setTimeout(60_000);
  const { service, made } = await openRows(page, 27);
  const bar = page.getByRole('region', { name: 'Selection' });

  await changeAs(page.request, 'Cleo', made[1]?.id ?? '', { severity: 'SEV1' });
  await expect(page.locator('tbody tr').nth(1)).toContainText('SEV1');
  await press(page, 'x', 'Shift+J');
  await expect(bar).toContainText('2 selected');
  await press(page, 'm');
  await expect(dialog(page)).toBeVisible();
  await press(page, 'Escape');
  await expect(dialog(page)).toHaveCount(0);
  await expectFocus(page, 'refusing a change of many');
  await press(page, 'm');
  await expect(dialog(page)).toBeVisible();
  await press(page, 'Enter');
  await expect(bar).toHaveCount(0);
  await expectFocus(page, 'a change of many');
  await press(page, 'x');
  await bar.getByRole('button', { name: 'Clear the selection' }).press('Enter');
  await expect(bar).toHaveCount(0);
  await expectFocus(page, 'clearing the selection');

  await createIncident(page.request, { title: 'Focus, new', service, severity: 'SEV3' });
  await expect(page.getByRole('button', { name: /\d new/ })).toBeVisible();
  await press(page, '.');
  await expect(page.getByRole('button', { name: /\d new/ })).toHaveCount(0);
  await expectFocus(page, 'loading what is new');

  await press(page, ']');
  await expect(page).toHaveURL(/&page=2/);
  await expectFocus(page, 'the next page');
  await press(page, '[');
  await expect(page).not.toHaveURL(/&page=2/);
  await expectFocus(page, 'the previous page');

  await press(page, 'f');
  for (const name of ['Service', 'Owner', 'Export']) {
    const button = page.getByRole('button', { name: new RegExp(`^${name}`) });
    await button.press('Enter');
    await expect(page.locator('.popover')).toBeVisible();
    await expectFocus(page, `opening ${name}`);
    await press(page, 'Escape');
    await expect(page.locator('.popover')).toHaveCount(0);
    await expectFocus(page, `closing ${name}`);
  }
  for (const name of ['Save view', 'All views']) {
    await page.getByRole('button', { name }).press('Enter');
    await expect(page.locator('.popover')).toBeVisible();
    await expectFocus(page, `opening ${name}`);
    await press(page, 'Escape');
    await expect(page.locator('.popover')).toHaveCount(0);
    await expectFocus(page, `closing ${name}`);
  }
  await page.getByRole('button', { name: /^SEV4/ }).press('Enter');
  await expect(page.getByRole('heading', { name: 'Nothing matches' })).toBeVisible();
  await expectFocus(page, 'a filter that leaves nothing');
  await page.locator('.ways-out').getByRole('link', { name: /sev:4/ }).press('Enter');
  await expect(page.locator('.row-link').first()).toBeVisible();
  await expectFocus(page, 'leaving a term out');
  await press(page, '/');
  await press(page, 'Escape');
  await expectFocus(page, 'leaving the search');
});

test('an incident, its editors, a conflict and the form give the focus back', async ({ page }) => {
  test.setTimeout(60_000);
  const { made } = await openRows(page, 3);
  await press(page, 'Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Focus 1' })).toBeVisible();
  await expectFocus(page, 'opening an incident');
  await press(page, ']');
  await expect(page.getByRole('heading', { level: 1, name: 'Focus 2' })).toBeVisible();
  await expectFocus(page, 'the next incident');
  for (const name of ['title', 'service', 'owner', 'summary', 'start time']) {
    await page.getByRole('button', { name: `Edit ${name}` }).press('Enter');
    await expectFocus(page, `editing the ${name}`);
    await press(page, 'Escape');
    // A list of completions is closed first.
    if (await page.locator('.editing, .editor .input[aria-label=Summary]').count()) {
      await press(page, 'Escape');
    }
    await expectFocus(page, `leaving the ${name}`);
  }
  await press(page, 'm');

  await page.getByRole('button', { name: 'Edit owner' }).press('Enter');
  await page.keyboard.type('Zoë');
  await changeAs(page.request, 'Cleo', made[1]?.id ?? '', { owner: 'Cleo' });
  await press(page, 'Enter');
  const dispute = page.getByRole('group', { name: 'Which owner?' });
  await expect(dispute).toBeVisible();
  await expectFocus(page, 'a conflict');
  await dispute.getByRole('radio', { name: /^Mine/ }).press('Space');
  await page.getByRole('button', { name: 'Save', exact: true }).press('Enter');
  await expect(dispute).toHaveCount(0);
  await expectFocus(page, 'deciding a conflict');

  await page.goBack();
  await expect(page.locator('tbody tr').first()).toBeVisible();
  await expectFocus(page, 'coming back to the list');
  await press(page, 'c');
  await expect(page.getByLabel('Title')).toBeFocused();
  await page.keyboard.press('Control+Enter');
  await expectFocus(page, 'a form with mistakes');
  await page.getByLabel('Title').fill('Made by a test of the focus');
  await page.getByRole('combobox', { name: 'Service' }).fill('focus-made');
  await page.getByRole('radio', { name: /SEV4/ }).check({ force: true });
  await page.keyboard.press('Control+Enter');
  await expect(
    page.getByRole('heading', { level: 1, name: 'Made by a test of the focus' }),
  ).toBeVisible();
  await expectFocus(page, 'creating an incident');
  await page.goBack();
  await expectFocus(page, 'coming back from what was created');
});
