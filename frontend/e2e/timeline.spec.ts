import { expect, type Page, test } from '@playwright/test';
import { XSS_VECTORS } from '../src/testing/xss';
import { changeAs, createIncident } from './api';
import { withoutStream } from './stream';

test.beforeEach(async ({ page }) => {
  await page.addInitScript(() => localStorage.setItem('displayName', 'Zoë Ångström'));
});

async function open(page: Page, incident: { number: number }) {
  await page.goto(`/incidents/INC-${incident.number}`);
  await expect(entries(page).first()).toBeVisible();
}

// A comment may hold a list of its own.
const entries = (page: Page) => page.locator('.timeline > li');
const toast = (page: Page) => page.getByRole('region', { name: /^Notifications/ });
const box = (page: Page) => page.getByRole('textbox', { name: 'Comment' });

test('changes and comments are one stream, and what was done is undone from it', async ({
  page,
  request,
}) => {
  const incident = await createIncident(request);
  await open(page, incident);
  await changeAs(request, 'Bo', incident.id, { status: 'RESOLVED', owner: 'Bo' });
  await page.reload();
  await box(page).fill('It is **not** fixed.');
  await box(page).press('Control+Enter');
  await expect(entries(page)).toHaveCount(3);
  await expect(entries(page).last()).toContainText(/Zoë Ångström commented.*It is not fixed\./);
  await expect(box(page)).toBeFocused();
  await expect(box(page)).toHaveValue('');

  // Hidden until it is wanted, but reached by keyboard.
  const bos = entries(page).nth(1);
  await bos.getByRole('button', { name: 'Undo' }).focus();
  await page.keyboard.press('Enter');
  await expect(entries(page)).toHaveCount(4);
  await expect(entries(page).last()).toContainText(
    /Zoë Ångström undid Bo’s change: .*Resolved → to Open/,
  );
  await expect(bos).toContainText('undone by Zoë Ångström');
  await expect(bos).toBeFocused();
  await expect(page.getByRole('button', { name: 'Open', exact: true })).toHaveAttribute(
    'aria-pressed',
    'true',
  );

  await toast(page).getByRole('button', { name: 'Redo' }).click();
  await expect(entries(page).last()).toContainText('undid their own undo');
  const now = await (await request.get(`/api/incidents/${incident.id}`)).json();
  expect(now).toMatchObject({ status: 'RESOLVED', owner: 'Bo' });
});

test('an edit offers its undo at once, and an undo that is too late says why', async ({
  page,
  request,
}) => {
  const incident = await createIncident(request);
  await open(page, incident);
  await page.getByRole('button', { name: 'SEV1', exact: true }).click();
  await expect(page.getByText(`Set INC-${incident.number} to SEV1`)).toBeVisible();
  await toast(page).getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('button', { name: 'SEV3', exact: true })).toHaveAttribute(
    'aria-pressed',
    'true',
  );
  await page.getByRole('button', { name: 'SEV2', exact: true }).click();
  await expect(entries(page)).toHaveCount(4);
  await changeAs(request, 'Cleo', incident.id, { severity: 'SEV4' });
  const mine = entries(page).nth(3);
  await mine.getByRole('button', { name: 'Undo' }).click();
  await expect(mine.getByRole('alert')).toContainText(
    /Cleo has changed the severity since \(just now\)/,
  );
});

test('a comment on a bad line is kept, and arrives once', async ({ page, request }) => {
  const incident = await createIncident(request);
  await open(page, incident);
  const keys: (string | undefined)[] = [];
  // The server takes it every time; its answers are lost on the way.
  await page.route('**/comments', async (route) => {
    keys.push(route.request().headers()['idempotency-key']);
    await route.fetch();
    await route.abort();
  });
  await box(page).fill('Said **once**.');
  await page.getByRole('button', { name: 'Comment', exact: true }).click();
  await expect.poll(() => keys.length).toBe(3);
  await page.unroute('**/comments');
  await page.reload();
  await expect(entries(page)).toHaveCount(2);
  await expect(page.getByText('Said once.')).toHaveCount(1);
  expect(new Set(keys).size).toBe(1);

  await page.route('**/comments', (route) => route.abort());
  await box(page).fill('Never left.');
  await box(page).press('Control+Enter');
  await expect(page.getByText('Not sent.')).toBeVisible();
  await page.unroute('**/comments');
  await page.reload();
  await expect(page.getByText('Never left.')).toBeVisible();
  await page.getByRole('button', { name: 'Retry' }).click();
  await expect(page.getByText('Not sent.')).toBeHidden();
  // "Not sent" goes as soon as it is on its way again, before the server has it.
  const comments = async () => {
    const { items } = await (await request.get(`/api/incidents/${incident.id}/events`)).json();
    return items.map((event: { comment: string | null }) => event.comment);
  };
  await expect.poll(comments).toEqual([null, 'Said **once**.', 'Never left.']);
});

test('an incident whose answer was lost is made once', async ({ page, request }) => {
  const title = `Lost and found ${Date.now()}`;
  await page.goto('/incidents/new');
  await page.getByLabel('Title').fill(title);
  await page.getByText('Degraded').click();
  await page.getByRole('combobox', { name: 'Service' }).fill('tunnel');
  let lost = 0;
  await page.route('**/api/incidents', async (route) => {
    if (lost >= 3) return route.continue();
    lost += 1;
    await route.fetch();
    return route.abort();
  });
  await page.getByRole('button', { name: 'Create incident' }).click();
  await expect(page.getByRole('alert')).toContainText('Not sent.');
  await page.reload();
  await page.getByRole('button', { name: 'Create incident' }).click();
  await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible();
  const found = await (
    await request.get('/api/incidents', { params: { search: title, status: 'OPEN' } })
  ).json();
  expect(found.total).toBe(1);
});

test('hostile text is text: nothing runs, and no other host is asked for anything', async ({
  page,
  request,
  baseURL,
}) => {
  test.slow();
  const harm: string[] = [];
  page.on('dialog', (dialog) => {
    harm.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (asked) => {
    const { origin, protocol } = new URL(asked.url());
    if (protocol !== 'data:' && origin !== baseURL) harm.push(`request: ${asked.url()}`);
  });
  page.on('popup', (popup) => harm.push(`popup: ${popup.url()}`));
  page.on('pageerror', (error) => harm.push(`error: ${error.message}`));

  const title = '<img src=x onerror=alert(1)> \u202Eevil';
  // The API refuses control characters, which the unit tests cover.
  const vectors = XSS_VECTORS.filter((vector) => !/(?![\t\n])\p{Cc}/u.test(vector));
  expect(vectors.length).toBeGreaterThan(150);
  const incident = await createIncident(request, { title, summary: vectors.join('\n\n') });
  const comments = [...vectors, '>'.repeat(19_000)];
  for (const body of comments) {
    const answer = await request.post(`/api/incidents/${incident.id}/comments`, { data: { body } });
    expect(answer.status(), body).toBe(201);
  }
  await withoutStream(page);
  await open(page, incident);
  await expect(entries(page)).toHaveCount(comments.length + 1);
  await expect(page.locator('.comment .markdown:not(.raw)').first()).toBeVisible();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('<img src=x');

  // What waits to be pointed at or pressed gets its chance.
  const shown = page.locator('.markdown');
  await shown.evaluateAll((areas) => {
    for (const element of areas.flatMap((area) => [...area.querySelectorAll('*')])) {
      for (const type of ['mouseover', 'pointerover', 'focusin', 'toggle', 'animationstart']) {
        element.dispatchEvent(new Event(type, { bubbles: true }));
      }
    }
  });
  const links = await shown
    .locator('a[href]')
    .evaluateAll((anchors) =>
      anchors.map((anchor) => new URL((anchor as HTMLAnchorElement).href).protocol),
    );
  expect(links.length).toBeGreaterThan(5);
  expect(new Set(links)).toEqual(
    new Set(['https:', 'http:', 'mailto:'].filter((one) => links.includes(one))),
  );
  expect(
    await shown
      .locator('script, style, img, svg, math, iframe, object, embed, form, input, [id], [style]')
      .count(),
  ).toBe(0);
  await page.waitForLoadState('networkidle');
  expect(harm).toEqual([]);
});
