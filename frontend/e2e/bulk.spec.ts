import { expect, type Page, test } from '@playwright/test';
import { changeAs, createIncident } from './api';

const bar = (page: Page) => page.getByRole('region', { name: 'Selection' });
const boxes = (page: Page) => page.locator('tbody .c-select input:checked');

/** Incidents that only this test finds, and their list, with the focus on the first row. */
async function openList(page: Page, word: string, count: number, part: object = {}) {
  const made = [];
  for (let index = 1; index <= count; index += 1) {
    made.push(
      await createIncident(page.request, { title: `${word} ${index}`, severity: 'SEV3', ...part }),
    );
  }
  await page.goto(`/?q=status:open+${word}&sort_by=number&order=asc&per_page=25`);
  await expect(page.locator('tbody tr')).toHaveCount(Math.min(count, 25));
  await expect(page.locator('.live')).toHaveAttribute('data-state', 'live');
  await page.keyboard.press('j');
  await expect(page.locator('.row-link').first()).toBeFocused();
  return made;
}

async function statuses(page: Page, word: string): Promise<string[]> {
  const answer = await page.request.get(`/api/incidents?q=${word}&per_page=100`);
  const { items } = (await answer.json()) as { items: { status: string }[] };
  return items.map(({ status }) => status);
}

test('a selection outlives paging, sorting, what comes live, a refresh, an incident and a reload', async ({
  page,
}) => {
  const made = await openList(page, 'heron', 30);
  await page.keyboard.press('x');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('Shift+J');
  await page.keyboard.press('Shift+J');
  await page.keyboard.press('Shift+K');
  await expect(bar(page)).toContainText('3 selected');

  await page.keyboard.press(']');
  await expect(page.locator('.row-link').first()).toHaveText('heron 26');
  await expect(page.locator('.row-link').first()).toBeFocused();
  await page.keyboard.press('x');
  await expect(bar(page)).toContainText('4 selected');
  await expect(bar(page)).toContainText('3 on other pages');

  await changeAs(page.request, 'Cleo', made[0]?.id ?? '', { status: 'RESOLVED' });
  await expect(bar(page)).toContainText('2 on other pages, 1 no longer in this list');
  await page.keyboard.press('.');
  await expect(bar(page)).toContainText('4 selected');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/incidents\/INC-/);
  await page.goBack();
  await expect(bar(page)).toContainText('4 selected');
  await page.reload();
  // One less is open, so that the first of this page has moved to the one before.
  await expect(bar(page)).toContainText('3 on other pages, 1 no longer in this list');
  await page.goto('/?q=status:open+heron&sort_by=title&order=desc&per_page=25');
  await expect(bar(page)).toContainText('4 selected');
  await page.goto('/?q=status:open&per_page=25');
  await expect(page.locator('tbody tr').first()).toBeVisible();
  await expect(bar(page)).toBeHidden();
});

test('boxes: a click, a range with Shift, the page; the bar moves nothing', async ({ page }) => {
  await openList(page, 'osprey', 6);
  const places = () =>
    page
      .locator('tbody tr')
      .evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().top));
  const before = await places();
  const cells = page.locator('tbody .c-select');
  await cells.nth(1).click();
  await cells.nth(4).click({ modifiers: ['Shift'] });
  await expect(boxes(page)).toHaveCount(4);
  await cells.nth(2).click({ modifiers: ['Shift'] });
  await expect(boxes(page)).toHaveCount(2);
  expect(await page.evaluate(() => getSelection()?.toString())).toBe('');
  expect(await places()).toEqual(before);
  const head = await page.locator('thead').boundingBox();
  const over = await bar(page).boundingBox();
  expect(over?.y).toBeGreaterThanOrEqual(head?.y ?? Number.NaN);
  expect((over?.y ?? 0) + (over?.height ?? 0)).toBeLessThanOrEqual(
    (head?.y ?? 0) + (head?.height ?? 0),
  );
  // The pill finds room beside it.
  await createIncident(page.request, { title: 'osprey 7' });
  const pill = await page.getByRole('button', { name: /1 new/ }).boundingBox();
  const clear = await page.getByRole('button', { name: 'Clear the selection' }).boundingBox();
  expect(pill?.x).toBeGreaterThan((clear?.x ?? 0) + (clear?.width ?? 0));
});

test('several at once by a key: no question, one undo, and the focus stays on its row', async ({
  page,
}) => {
  await openList(page, 'plover', 4);
  await page.keyboard.press('x');
  await page.keyboard.press('Shift+J');
  await page.keyboard.press('e');
  await expect(bar(page)).toBeHidden();
  await expect(page.locator('.row-link').nth(1)).toBeFocused();
  await expect
    .poll(() => statuses(page, 'plover'))
    .toEqual(expect.arrayContaining(['RESOLVED', 'RESOLVED', 'OPEN', 'OPEN']));
  await expect(page.getByText('Resolved 2 incidents')).toBeVisible();
  await page.keyboard.press('z');
  await expect.poll(() => statuses(page, 'plover')).toEqual(['OPEN', 'OPEN', 'OPEN', 'OPEN']);
});

test('all that match, beyond the page: asked with the exact number, done at once, undone by one key', async ({
  page,
}) => {
  await openList(page, 'egret', 27);
  await createIncident(page.request, { title: 'egret of the worst kind', severity: 'SEV1' });
  await page.keyboard.press('Control+a');
  await expect(bar(page)).toContainText('25 selected');
  await page.getByRole('button', { name: /^Select all 2[78] matching/ }).press('Enter');
  await expect(bar(page)).toContainText('All 28 matching');
  await page.keyboard.press('m');
  const dialog = page.getByRole('dialog', { name: 'Mitigate 28 incidents?' });
  await expect(dialog).toContainText('1 of them is SEV1.');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(page.locator('.row-link').first()).toBeFocused();
  await expect(bar(page)).toContainText('All 28 matching');
  await page.keyboard.press('m');
  await expect(dialog).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(bar(page)).toBeHidden();
  await expect(page.locator('.row-link').first()).toBeFocused();
  await expect
    .poll(async () => new Set(await statuses(page, 'egret')))
    .toEqual(new Set(['MITIGATED']));
  expect(await statuses(page, 'egret')).toHaveLength(28);
  await page.keyboard.press('z');
  await expect.poll(async () => new Set(await statuses(page, 'egret'))).toEqual(new Set(['OPEN']));
});

test('the buttons of the bar do what the keys do, and the focus goes back to the rows', async ({
  page,
}) => {
  await openList(page, 'curlew', 3);
  const focusedRow = page.locator('tbody tr:has(.row-link:focus)');
  await page.keyboard.press('x');
  await page.keyboard.press('Shift+J');
  await bar(page)
    .getByRole('button', { name: /^Severity/ })
    .click();
  await page.getByRole('button', { name: 'Set SEV4' }).click();
  await expect(page.locator('tbody .sev-4')).toHaveCount(2);
  await expect(bar(page)).toBeHidden();
  await expect(focusedRow).toContainText('curlew 2');

  await page.keyboard.press('x');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await bar(page)
    .getByRole('button', { name: /^Assign/ })
    .press('Enter');
  await expect(page.getByRole('combobox', { name: /^Assign/ })).toBeFocused();
  await page.keyboard.type('Zoë');
  await page.keyboard.press('Enter');
  await expect(page.locator('tbody tr').filter({ hasText: 'Zoë' })).toHaveCount(2);
  await expect(bar(page)).toBeHidden();
  await expect(focusedRow).toContainText('curlew 3');
});

test('on a phone the bar lies below, with large targets, and covers no row that has the focus', async ({
  page,
}) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await openList(page, 'avocet', 12);
  await page.locator('tbody .c-select').first().click();
  for (const target of await bar(page).getByRole('button').all()) {
    const box = await target.boundingBox();
    expect(box?.height, await target.innerText()).toBeGreaterThanOrEqual(44);
    expect(box?.width, await target.innerText()).toBeGreaterThanOrEqual(44);
  }
  const cell = await page.locator('tbody .c-select label').first().boundingBox();
  expect(Math.min(cell?.width ?? 0, cell?.height ?? 0)).toBeGreaterThanOrEqual(44);
  for (let presses = 0; presses < 11; presses += 1) {
    await page.keyboard.press('j');
    const row = await page.locator('tbody tr:has(.row-link:focus)').boundingBox();
    const top = (await bar(page).boundingBox())?.y ?? 0;
    expect((row?.y ?? 0) + (row?.height ?? 0)).toBeLessThanOrEqual(top);
    expect(row?.y).toBeGreaterThanOrEqual(48);
  }
  expect(
    await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
  ).toBeLessThanOrEqual(0);
});
