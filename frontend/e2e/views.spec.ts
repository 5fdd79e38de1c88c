import { type Browser, expect, type Page, test } from '@playwright/test';
import { BUILT_IN } from '../src/features/incidents/model/views';
import { changeAs, createIncident } from './api';

const strip = (page: Page) => page.getByRole('navigation', { name: 'Views' });
const tab = (page: Page, name: string) => strip(page).getByRole('link', { name });
const names = (page: Page) => strip(page).locator('.tab .truncate').allInnerTexts();
const rows = (page: Page) => page.locator('tbody tr');
const all = (page: Page) => page.getByRole('dialog', { name: 'All views' });

/** A browser of its own, in which this person works. */
async function openAs(browser: Browser, baseURL: string | undefined, name: string) {
  const context = await browser.newContext({ baseURL: baseURL ?? '' });
  await context.addInitScript((person) => {
    if (localStorage.getItem('displayName') === null) localStorage.setItem('displayName', person);
  }, name);
  return context.newPage();
}

async function save(page: Page, name: string) {
  await page.getByRole('button', { name: 'Save view' }).click();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(name);
  await page.keyboard.press('Enter');
  await expect(tab(page, name)).toHaveAttribute('aria-current', 'page');
}

/** Opens what can be done with a view, by keys alone. */
async function openActions(page: Page, name: string) {
  if (!(await all(page).isVisible())) await page.getByRole('button', { name: 'All views' }).click();
  await all(page)
    .getByRole('button', { name: `Change ${name}` })
    .press('Enter');
}

/** Everybody shares the views of this server: the next test finds them as they were. */
test.afterEach(async ({ request }) => {
  const { items } = await (await request.get('/api/views')).json();
  for (const { id, builtIn } of items) {
    if (!builtIn) await request.delete(`/api/views/${id}`, { data: {} });
  }
  const order = BUILT_IN.items.map(({ id }) => id);
  const answer = await request.patch('/api/views', { data: { order, default: 'open' } });
  expect(answer.status()).toBe(200);
});

test('the tabs of the first paint are those that the server has', async ({ request }) => {
  const answer = await (
    await request.get('/api/views', { headers: { 'X-Actor': 'Nobody' } })
  ).json();
  const plain = answer.items.map((view: object) => ({ ...view, count: null }));
  expect({ ...answer, items: plain }).toEqual(BUILT_IN);
});

test('a view is saved, renamed, put elsewhere, made the default, deleted and brought back', async ({
  browser,
  baseURL,
}) => {
  const page = await openAs(browser, baseURL, 'Vera');
  // Whoever looks, there is one set of views.
  const other = await openAs(browser, baseURL, 'Max');
  await page.goto('/?q=status:open+sev:1,2&sort_by=service&order=asc');
  await save(page, 'By service');
  await expect(tab(page, 'By service')).toBeFocused();

  await other.goto('/');
  await tab(other, 'By service').click();
  await expect(other).toHaveURL('/?q=status:open+sev:1,2&sort_by=service&order=asc');
  await expect(tab(other, 'By service')).toHaveAttribute('aria-current', 'page');

  await openActions(page, 'By service');
  await page.getByRole('button', { name: 'Rename' }).press('Enter');
  await page.keyboard.type('Open');
  await page.keyboard.press('Enter');
  const field = page.getByRole('textbox', { name: 'New name of By service' });
  await expect(field).toHaveAccessibleDescription('There is a view of this name already.');
  await field.fill('Services');
  await page.keyboard.press('Enter');
  await expect(tab(page, 'Services')).toBeVisible();

  await all(page).getByRole('link', { name: 'Services' }).focus();
  for (let step = 0; step < 6; step += 1) await page.keyboard.press('Alt+ArrowUp');
  await expect(all(page).getByRole('status')).toHaveText('Services is number 1 of 7 now.');
  await expect(all(page).getByRole('link', { name: 'Services' })).toBeFocused();
  await expect.poll(async () => (await names(page))[0]).toBe('Services');
  await page.getByRole('button', { name: 'Change Services' }).press('Enter');
  // And one by the pointer: the last one to the second place.
  const grip = await all(page).locator('li').last().locator('.grip').boundingBox();
  const second = await all(page).locator('li').nth(1).boundingBox();
  await page.mouse.move((grip?.x ?? 0) + 8, (grip?.y ?? 0) + 16);
  await page.mouse.down();
  await page.mouse.move((grip?.x ?? 0) + 8, (second?.y ?? 0) + 16, { steps: 12 });
  await page.mouse.up();
  const arranged = ['Services', 'All', 'Open', 'Mine', 'Unassigned', 'SEV1–2', 'Resolved'];
  await expect.poll(() => names(page)).toEqual(arranged);
  await page.reload();
  await expect.poll(() => names(page)).toEqual(arranged);

  await openActions(page, 'Services');
  await page.getByRole('button', { name: 'Make default' }).press('Enter');
  await expect(all(page).getByRole('link', { name: 'Services default' })).toBeVisible();
  // Elsewhere it is the default once that is known, and before anything is asked from then on.
  await other.goto('/');
  await expect(other).toHaveURL('/?q=status:open+sev:1,2&sort_by=service&order=asc');
  await expect.poll(() => names(other)).toEqual(arranged);
  const lists: string[] = [];
  other.on('request', (request) => {
    const url = new URL(request.url());
    if (url.pathname === '/api/incidents') lists.push(url.searchParams.get('q') ?? '');
  });
  await other.goto('/');
  await expect(rows(other).first()).toBeVisible();
  expect(lists).toEqual(['status:open sev:1,2']);
  await tab(other, 'Open').click();
  await expect(other).toHaveURL('/?q=status:open,mitigated');
  await other.keyboard.press('g');
  await other.keyboard.press('i');
  await expect(tab(other, 'Services')).toHaveAttribute('aria-current', 'page');

  await page.getByRole('button', { name: 'Delete' }).press('Enter');
  await expect(tab(page, 'Services')).toHaveCount(0);
  await expect(all(page).getByRole('link', { name: /^All/ })).toBeFocused();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(() => names(page)).toEqual(arranged);
  await page.reload();
  await expect.poll(() => names(page)).toEqual(arranged);
  await page.goto('/');
  await expect(tab(page, 'Services')).toHaveAttribute('aria-current', 'page');
});

test('a view shows the same to somebody else, with what is theirs', async ({
  browser,
  baseURL,
  request,
}) => {
  const [ana, bo] = [`Ana ${Date.now()}`, `Bo ${Date.now()}`];
  await createIncident(request, { title: 'Belongs to Ana', owner: ana });
  await createIncident(request, { title: 'Belongs to Bo', owner: bo });
  const page = await openAs(browser, baseURL, ana);
  await page.goto('/?q=owner:me+status:open&sort_by=number');
  await page.getByRole('button', { name: 'Save view' }).click();
  await page.getByRole('checkbox', { name: 'Always with standard rows' }).check();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('My own');
  await page.keyboard.press('Enter');
  await expect(tab(page, 'My own')).toContainText('1');
  await expect(rows(page)).toHaveText([/Belongs to Ana/]);
  await page.getByRole('button', { name: 'compact rows' }).click();
  await page.getByRole('button', { name: 'Save view' }).click();
  await page.getByRole('button', { name: /^Update.*My own/ }).click();
  await expect(tab(page, 'My own')).toHaveAttribute('aria-current', 'page');

  const link = await tab(page, 'My own').getAttribute('href');
  const theirs = await openAs(browser, baseURL, bo);
  await theirs.goto(link ?? '');
  await expect(rows(theirs)).toHaveText([/Belongs to Bo/]);
  expect(Math.round((await rows(theirs).boundingBox())?.height ?? 0)).toBe(30);
  await expect(tab(theirs, 'My own')).toContainText('1');
  // How they like their other lists is their own affair.
  await tab(theirs, 'Open').click();
  await expect(rows(theirs).nth(3)).toBeVisible();
  expect(Math.round((await rows(theirs).nth(3).boundingBox())?.height ?? 0)).toBe(36);
});

test('the counts follow what happens', async ({ browser, baseURL, request }) => {
  const person = `Cora ${Date.now()}`;
  const incident = await createIncident(request, { owner: person });
  const page = await openAs(browser, baseURL, person);
  await page.goto('/');
  const count = tab(page, 'Mine').locator('.count');
  await expect(count).toHaveText('1');
  await expect(page.locator('.live')).toHaveAttribute('data-state', 'live');
  await changeAs(request, 'Dan', incident.id, { status: 'RESOLVED' });
  await expect(count).toHaveText('0', { timeout: 15_000 });
});

test('of many views the current one is in sight, on a phone too', async ({ browser, baseURL }) => {
  const page = await openAs(browser, baseURL, `Max ${Date.now()}`);
  await page.goto('/?q=sev:4');
  await save(page, 'Low ones');
  for (const [q, name] of [
    ['sev:3', 'A name that is as long as a name can be, for whatever reason'],
    ['sev:2', 'Number three'],
    ['sev:1', 'Number four'],
  ] as const) {
    await page.goto(`/?q=${q}`);
    await save(page, name);
  }
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('/?q=sev:1');
  const isInSight = (name: string) =>
    tab(page, name).evaluate((element) => {
      const [one, box] = [element, element.parentElement as Element].map((each) =>
        each.getBoundingClientRect(),
      );
      return Number(one?.left) >= Number(box?.left) && Number(one?.right) <= Number(box?.right) + 1;
    });
  await expect.poll(() => isInSight('Number four')).toBe(true);
  await page.getByRole('button', { name: 'All views' }).click();
  await all(page).getByRole('link', { name: 'A name that' }).click();
  await expect(page).toHaveURL('/?q=sev:3');
  await expect.poll(() => isInSight('A name that')).toBe(true);
  const extra = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(extra).toBeLessThanOrEqual(0);
});
