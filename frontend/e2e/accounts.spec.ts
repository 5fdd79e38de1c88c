import { AxeBuilder } from '@axe-core/playwright';
import { type APIRequestContext, type Browser, expect, type Page, test } from '@playwright/test';

/* Where one has to sign in: a server of its own, with one admin. */
test.use({ baseURL: 'http://127.0.0.1:5058' });

/** The provider's pages would take their looks from another machine, and wait for it where it does not answer. */
test.beforeEach(({ context }) => context.route('https://**', (route) => route.abort()));

const ADMIN = { email: 'ana@example.com', password: 'correct horse battery' };

async function fillIn(page: Page, { email, password } = ADMIN): Promise<void> {
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.keyboard.press('Enter');
}

async function signIn(page: Page, path = '/'): Promise<void> {
  await page.goto(path);
  await fillIn(page);
}

const rows = (page: Page) => page.locator('tbody .row-link');
const newIncident = (page: Page) => page.getByRole('link', { name: 'New incident' });

/** Invites somebody, by the link that it returns. */
async function invite(admin: Page, email: string, role: string): Promise<string> {
  await admin.goto('/people');
  await admin.getByLabel('E-mail address').fill(email);
  await admin.getByLabel('Role').first().selectOption({ label: role });
  await admin.getByRole('button', { name: 'Make a link' }).click();
  return admin.locator('.secret input').inputValue();
}

/** Somebody who has come in by a link, in a browser of their own. */
async function join(browser: Browser, admin: Page, role: string) {
  const name = `Vera ${Date.now()}`;
  const link = await invite(admin, `vera${Date.now()}@example.com`, role);
  const page = await (await browser.newContext({ baseURL: 'http://127.0.0.1:5058' })).newPage();
  await page.goto(link);
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill('a password of her own');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: `Your account: ${name}` })).toBeVisible();
  return { vera: page, name };
}

test('one signs in where one wanted to go, acts under the own name, and signs out', async ({
  page,
}) => {
  await page.goto('/?q=sev:1');
  await expect(page.getByLabel('E-mail address')).toBeFocused();
  await fillIn(page, { ...ADMIN, password: 'wrong wrong wrong' });
  await expect(page.getByRole('alert')).toContainText(
    'The e-mail address or the password is wrong.',
  );
  await page.getByLabel('Password').fill(ADMIN.password);
  await page.keyboard.press('Enter');
  await expect(rows(page).first()).toBeVisible();
  await expect(page).toHaveURL('/?q=sev:1');
  await newIncident(page).first().click();
  await page.getByLabel('Title').fill('Somebody has signed in');
  await page.getByRole('combobox', { name: 'Service' }).fill('auth-gateway');
  await page.getByText('Minor').click();
  await page.keyboard.press('Control+Enter');
  await expect(
    page.getByRole('heading', { level: 1, name: 'Somebody has signed in' }),
  ).toBeVisible();
  await expect(page.getByRole('region', { name: 'Timeline' })).toContainText('ana opened INC-');
  await page.getByRole('button', { name: 'Your account: ana' }).click();
  // The page is loaded anew, after which nothing of before is left.
  const loaded = page.waitForEvent('load');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await loaded;
  await expect(page.getByLabel('E-mail address')).toBeVisible();
  await page.goto('/');
  await expect(page.getByLabel('E-mail address')).toBeVisible();
});

test('a session that ends asks to sign in over the page, and what was sent arrives once', async ({
  page,
  context,
}) => {
  const title = `Written before the session ended ${Date.now()}`;
  await signIn(page, '/incidents/new');
  await page.getByLabel('Title').fill(title);
  await page.getByRole('combobox', { name: 'Service' }).fill('auth-gateway');
  await page.getByText('Minor').click();
  await context.clearCookies();
  await page.keyboard.press('Control+Enter');
  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await expect(dialog.getByLabel('Password')).toBeFocused();
  await dialog.getByLabel('Password').fill(ADMIN.password);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible();
  const found = await page.request.get(`/api/incidents?search=${encodeURIComponent(title)}`);
  expect((await found.json()).total).toBe(1);
});

test('a viewer sees nothing that would be refused, and who is disabled is out', async ({
  page,
  browser,
}) => {
  await signIn(page, '/people');
  await expect(page.getByRole('heading', { name: 'People' })).toBeVisible();
  const { vera, name } = await join(browser, page, 'Viewer');
  await vera.goto('/');
  await rows(vera).first().focus();
  await expect(newIncident(vera)).toHaveCount(0);
  await vera.keyboard.press('e');
  await vera.keyboard.press('Control+k');
  await expect(vera.getByRole('option', { name: /^Peek/ })).toBeVisible();
  await expect(vera.getByRole('option', { name: /^Resolve(?!d)/ })).toHaveCount(0);
  await vera.keyboard.press('Escape');
  await rows(vera).first().click();
  await expect(vera.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(vera.getByRole('button', { name: /^Edit/ })).toHaveCount(0);
  await page.reload();
  await page.getByRole('button', { name: `Disable ${name}` }).press('Enter');
  await page.getByRole('button', { name: 'Yes, end their sessions' }).press('Enter');
  await expect(page.getByRole('button', { name: `Enable ${name}` })).toBeVisible();
  await vera.reload();
  await expect(vera.getByLabel('E-mail address')).toBeVisible();
  await vera.context().close();
});

test('a token acts for a script until it is revoked', async ({ page, playwright }) => {
  await signIn(page, '/account');
  const tokens = page.getByRole('region', { name: 'Tokens' });
  await tokens.getByLabel('Name').fill('deploy script');
  await tokens.getByRole('button', { name: /token/i }).first().click();
  const secret = await tokens.locator('.secret input').inputValue();
  expect(secret).toMatch(/^itk_/);
  const script: APIRequestContext = await playwright.request.newContext({
    baseURL: 'http://127.0.0.1:5058',
    extraHTTPHeaders: { Authorization: `Bearer ${secret}` },
  });
  expect((await script.get('/api/incidents')).status()).toBe(200);
  const { items } = await (await page.request.get('/api/tokens')).json();
  const session = await (await page.request.get('/api/session')).json();
  for (const { id } of items) {
    await page.request.delete(`/api/tokens/${id}`, {
      headers: { 'X-CSRF-Token': session.csrfToken },
      data: {},
    });
  }
  expect((await script.get('/api/incidents')).status()).toBe(401);
  await script.dispose();
});

/** Somebody whom the provider knows, and whom nobody has invited yet. */
async function employee(page: Page) {
  const subject = `olga${Date.now()}`;
  const email = `${subject}@example.com`;
  await page.request.put(`http://127.0.0.1:5059/users/${subject}`, {
    data: { email, email_verified: true, name: `Olga ${subject}` },
  });
  return { subject, email, menu: `Your account: Olga ${subject}` };
}

/** Says at the provider who one is. */
async function authorize(page: Page, subject: string): Promise<void> {
  await page.getByPlaceholder('sub').fill(subject);
  await page.getByRole('button', { name: 'Authorize' }).click();
}

const bySso = (page: Page) => page.getByRole('link', { name: 'Sign in with Example SSO' });

test('by the provider one comes to the page that one wanted, once invited, and back to it after the session', async ({
  page,
  browser,
}) => {
  const { subject, email, menu } = await employee(page);
  const title = `Written before the session ended ${Date.now()}`;
  await page.goto('/incidents/new?from=mail');
  await bySso(page).press('Enter');
  await authorize(page, subject);
  await expect(page.getByRole('alert')).toHaveText(/^Nobody has invited your e-mail address\./);
  await expect(page.getByRole('alert')).toBeFocused();
  await expect(page).toHaveURL('/sign-in?problem=unknown&to=%2Fincidents%2Fnew%3Ffrom%3Dmail');

  const admin = await (await browser.newContext({ baseURL: 'http://127.0.0.1:5058' })).newPage();
  await signIn(admin, '/people');
  await expect(admin.getByRole('heading', { name: 'People' })).toBeVisible();
  await invite(admin, email, 'Responder');
  await bySso(page).press('Enter');
  await authorize(page, subject);
  await expect(page.getByRole('button', { name: menu })).toBeVisible();
  await expect(page).toHaveURL('/incidents/new?from=mail');

  await page.getByLabel('Title').fill(title);
  await page.getByRole('combobox', { name: 'Service' }).fill('auth-gateway');
  await page.getByText('Minor').click();
  await page.context().clearCookies();
  await page.keyboard.press('Control+Enter');
  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await expect(bySso(page)).toBeFocused();
  const opened = page.context().waitForEvent('page');
  await page.keyboard.press('Enter');
  const other = await opened;
  await authorize(other, subject);
  await expect(other).toHaveURL('/incidents/new?from=mail');
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible();

  await page.goto('/account');
  await expect(
    page.getByText('You sign in with Example SSO, and have no password here.'),
  ).toBeVisible();
  await expect(page.getByLabel('Current password')).toHaveCount(0);
  await admin.reload();
  await expect(admin.getByText(`${email} · signs in with Example SSO`)).toBeVisible();
  await admin.context().close();
});

test('who declines at the provider is told so, and can still take a password', async ({ page }) => {
  await page.goto('/account');
  await bySso(page).click();
  await expect(page.getByRole('button', { name: 'Deny' })).toBeVisible();
  // Pressed, this provider would answer so, except that it forgets the state, which RFC 6749 demands.
  const state = new URL(page.url()).searchParams.get('state');
  await page.goto(`/api/oidc/callback?error=access_denied&state=${state}`);
  await expect(page.getByRole('alert')).toHaveText(/was cancelled/);
  await fillIn(page);
  await expect(page.getByRole('heading', { name: 'Sessions' })).toBeVisible();
  await expect(page).toHaveURL('/account');
});

test('an export after the session has ended is loaded once one has signed in again', async ({
  page,
  context,
}) => {
  await signIn(page);
  await expect(rows(page).first()).toBeVisible();
  await context.clearCookies();
  await page.getByRole('button', { name: 'Export' }).press('Enter');
  await page.getByRole('link', { name: /^CSV/ }).press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await expect(dialog.getByLabel('Password')).toBeFocused();
  await page.keyboard.type(ADMIN.password);
  const download = page.waitForEvent('download');
  await page.keyboard.press('Enter');
  expect((await download).suggestedFilename()).toMatch(/\.csv$/);
});

const PAGES: Record<string, (page: Page) => Promise<void>> = {
  'sign in': async (page) => {
    await page.goto('/');
    await expect(page.getByLabel('E-mail address')).toBeVisible();
  },
  'sign in, refused by the provider': async (page) => {
    await page.goto('/sign-in?problem=unconfirmed');
    await expect(page.getByRole('alert')).toBeVisible();
  },
  account: async (page) => {
    await signIn(page, '/account');
    await expect(page.getByRole('heading', { name: 'Sessions' })).toBeVisible();
  },
  people: async (page) => {
    await signIn(page, '/people');
    await expect(page.getByRole('heading', { name: 'Accounts' })).toBeVisible();
  },
  'link that is of no use': async (page) => {
    await page.goto('/join#nothing');
    await expect(page.getByRole('heading', { name: 'This link is of no use' })).toBeVisible();
  },
};

for (const [name, open] of Object.entries(PAGES)) {
  test(`${name}: axe finds nothing, in light and in dark, and 320 pixels are enough`, async ({
    page,
  }) => {
    await page.emulateMedia({ colorScheme: 'light' });
    await open(page);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await expect(page.locator('html')).toHaveAttribute('data-theme', colorScheme);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    }
    await page.setViewportSize({ width: 320, height: 640 });
    const extra = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(extra).toBeLessThanOrEqual(0);
  });
}
