import { expect, type Page, test } from '@playwright/test';
import { createIncident } from './api';

const box = (page: Page) => page.getByRole('combobox', { name: 'Search incidents' });
const chip = (page: Page, name: RegExp) => page.getByRole('button', { name });
const rows = (page: Page) => page.locator('tbody tr');

test('one query: typed, completed, changed by a chip, shared, and taken back', async ({
  page,
  request,
}) => {
  const service = 'data lake, "west"';
  await createIncident(request, { title: 'Narwhal one', severity: 'SEV1', service, owner: 'Ana' });
  await createIncident(request, { title: 'Narwhal two', severity: 'SEV2', service });
  await createIncident(request, { title: 'Narwhal three', severity: 'SEV3', service });
  await page.goto('/');
  await expect(rows(page).first()).toBeVisible();

  await page.keyboard.press('/');
  await page.keyboard.type('serv');
  await expect(page.getByRole('option', { name: /^service:/ })).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.keyboard.type('"data lake,');
  await expect(page.getByRole('listbox', { name: 'Completions' }).getByRole('option')).toHaveText([
    /^data lake, "west"/,
  ]);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Tab');
  const ofService = String.raw`status:open,mitigated service:"data lake, \"west\""`;
  await expect(box(page)).toHaveValue(ofService);
  await expect(rows(page)).toHaveCount(3);
  await expect(chip(page, /^Service/)).toContainText('data lake, "west"');

  await page.keyboard.type(' narwhal -sev:3 created:<1h');
  await expect(rows(page)).toHaveCount(2);
  await expect(chip(page, /^SEV3/)).toHaveAttribute('aria-pressed', 'false');
  await expect(chip(page, /^SEV1/)).toHaveAttribute('aria-pressed', 'true');

  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await expect(box(page)).toHaveValue(`${ofService} -sev:3 created:<1h`);

  // A chip touches its own terms only, and can be taken back.
  await chip(page, /^SEV1/).click();
  const narrowed = `${ofService} sev:2,4 created:<1h`;
  await expect(box(page)).toHaveValue(narrowed);
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText('Narwhal two');
  await page.goBack();
  await expect(box(page)).toHaveValue(`${ofService} -sev:3 created:<1h`);
  await expect(rows(page)).toHaveCount(2);
  await page.goForward();

  // The address says it all, and what was typed is one step of the history.
  await page.reload();
  await expect(box(page)).toHaveValue(narrowed);
  await expect(rows(page)).toHaveCount(1);
  const other = await page.context().newPage();
  await other.goto(page.url());
  await expect(rows(other)).toContainText('Narwhal two');
  await page.goBack();
  await expect(box(page)).toHaveValue(`${ofService} -sev:3 created:<1h`);
});

test('a mistake is shown where it stands, and the rows stay until it is mended', async ({
  page,
}) => {
  await page.goto('/');
  await expect(rows(page).first()).toBeVisible();
  const before = await rows(page).count();
  await page.keyboard.press('/');
  await page.keyboard.type('🔥 status:opn foo:1 ');
  await expect(page.locator('.mistake')).toHaveText(['opn', 'foo']);
  await expect(page.locator('.mistakes')).toContainText('open, mitigated, resolved');
  await expect(box(page)).toHaveAccessibleDescription(/opn Must be one of.*foo There is no field/);
  expect(await rows(page).count()).toBe(before);

  // The marks lie exactly where the browser drew what they mark, scrolled or not.
  for (const width of [1440, 390]) {
    await page.setViewportSize({ width, height: 844 });
    await page.keyboard.press('End');
    await expect
      .poll(() =>
        page.evaluate(() => {
          const input = document.querySelector<HTMLInputElement>('.search input');
          const marks = document.querySelector('.marks');
          if (!input || !marks) return 'missing';
          const beyond = (element: Element) => element.scrollWidth - element.clientWidth;
          return {
            scroll: Math.abs(input.scrollLeft - marks.scrollLeft) <= 1,
            font: getComputedStyle(marks).fontSize === getComputedStyle(input).fontSize,
            // As much of the text lies beyond the edge.
            width: Math.abs(beyond(input) - beyond(marks)) <= 1,
          };
        }),
      )
      .toEqual({ scroll: true, font: true, width: true });
  }

  await box(page).fill('sev:1');
  await expect(page.locator('.mistakes')).toHaveCount(0);
  await expect(page.locator('.c-severity', { hasText: 'SEV1' }).first()).toBeVisible();
});

test('a link from before the query language, and the key of an incident', async ({
  page,
  request,
}) => {
  const incident = await createIncident(request, { title: 'Old links', service: 'links, old' });
  await page.goto('/?service="links, old"&status=all&severity=SEV1,SEV2,SEV3,SEV4&search=old');
  await expect(box(page)).toHaveValue('service:"links, old" old');
  await expect(rows(page)).toHaveCount(1);
  await page.keyboard.press('/');
  await page.keyboard.press('Control+a');
  await page.keyboard.type(`status:open INC-${incident.number}`);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Old links' })).toBeVisible();
});

test('completion works by touch', async ({ browser, baseURL }) => {
  const context = await browser.newContext({
    baseURL: baseURL ?? '',
    viewport: { width: 390, height: 844 },
    hasTouch: true,
  });
  const page = await context.newPage();
  await page.goto('/?q=');
  await box(page).tap();
  await page.keyboard.type('own');
  await page.getByRole('option', { name: /^owner:/ }).tap();
  await page.getByRole('option', { name: /^none/ }).tap();
  await expect(box(page)).toHaveValue('owner:none');
  await expect(box(page)).toBeFocused();
  await expect(page).toHaveURL('/?q=owner:none');
  await context.close();
});
