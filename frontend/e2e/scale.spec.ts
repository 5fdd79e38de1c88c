import { expect, type Page, type Request, type Route, test } from '@playwright/test';
import { withoutStream } from './stream';

/*
 * What keeps the list right and cheap when the server has much to do: no request too many, none that nobody waits
 * for, and no answer in the place of a newer one.
 */
const LIST = '/api/incidents';
const FACETS = '/api/incidents/facets';
const SESSION = '/api/session';
const VIEWS = '/api/views';

/** The API requests of a page as they are sent and as they are aborted: "/api/incidents?q=…". */
function watch(page: Page) {
  const sent: Request[] = [];
  const aborted: Request[] = [];
  const isApi = (request: Request) => /^\/api\/(?!events)/.test(new URL(request.url()).pathname);
  page.on('request', (request) => {
    if (isApi(request)) sent.push(request);
  });
  page.on('requestfailed', (request) => {
    if (isApi(request) && request.failure()?.errorText === 'net::ERR_ABORTED')
      aborted.push(request);
  });
  return {
    sent,
    aborted,
    /** The paths sent since the last call. */
    takePaths: () =>
      sent
        .splice(0)
        .map((request) => new URL(request.url()).pathname)
        .toSorted(),
  };
}

/** What is typed stands behind what the list shows already. */
const SHOWN = 'status:open,mitigated ';
const searchOf = (request: Request) =>
  new URL(request.url()).searchParams.get('q')?.replace(SHOWN, '');
const pathOf = (request: Request) => new URL(request.url()).pathname;

test.beforeEach(({ page }) => withoutStream(page));

/** An answer of the list that can be told from every other: one row, one total, one count. */
function answerOf(path: string, title: string, total: number) {
  if (path === FACETS) {
    return {
      estimated: [],
      severity: ['SEV1', 'SEV2', 'SEV3', 'SEV4'].map((value) => ({ value, count: total })),
      status: ['OPEN', 'MITIGATED', 'RESOLVED'].map((value) => ({ value, count: total })),
      service: [],
      owner: [],
    };
  }
  const at = '2025-03-04T14:00:00Z';
  const incident = {
    id: `01900000-0000-7000-8000-${String(total).padStart(12, '0')}`,
    number: total,
    title,
    service: 'checkout-web',
    severity: 'SEV2',
    status: 'OPEN',
    owner: null,
    summary: null,
    startedAt: at,
    mitigatedAt: null,
    resolvedAt: null,
    createdAt: at,
    updatedAt: at,
    version: 1,
  };
  return {
    items: [incident],
    page: 1,
    perPage: 50,
    total,
    totalIsExact: true,
    pages: 1,
    nextCursor: null,
  };
}

/** Answers the search for a text once it is let go, with rows that carry that text. */
async function hold(page: Page, text: string, total: number, failing = false) {
  let letGo = () => {};
  const released = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  await page.route(
    (url) => url.pathname.startsWith(LIST) && url.searchParams.get('q') === SHOWN + text,
    async (route: Route) => {
      await released;
      const path = pathOf(route.request());
      const problem = { title: 'Overloaded', status: 503, detail: `Too late for ${text}.` };
      const answer = failing
        ? { status: 503, headers: { 'Retry-After': '0' }, json: problem }
        : { json: answerOf(path, `Found by ${text}`, total) };
      // The browser may have given the request up.
      await route.fulfill(answer).catch(() => null);
    },
  );
  return letGo;
}

async function typeAndWait(page: Page, typed: string, search: string, sent: Request[]) {
  await page.keyboard.type(typed, { delay: 20 });
  await expect
    .poll(() =>
      sent
        .filter((request) => searchOf(request) === search)
        .map(pathOf)
        .toSorted(),
    )
    .toEqual([LIST, FACETS]);
}

/** Notes every text that the list, its total, its counts or a message ever shows from now on. */
async function recordTexts(page: Page) {
  await page.evaluate(() => {
    const seen = new Set<string>();
    const note = () => {
      for (const element of document.querySelectorAll('.row-link, .range, .count, [role=alert]')) {
        seen.add(element.textContent ?? '');
      }
    };
    new MutationObserver(note).observe(document.body, {
      childList: true,
      subtree: true,
      characterData: true,
    });
    Object.assign(window, { seenTexts: () => [...seen] });
  });
  return () =>
    page.evaluate(() => (window as unknown as { seenTexts: () => string[] }).seenTexts());
}

test('one list and one facets request, whatever opens or changes the list, and the views once', async ({
  page,
}) => {
  const { sent, takePaths } = watch(page);
  const settle = async () => {
    await page.waitForLoadState('networkidle');
    return takePaths();
  };
  await page.goto('/');
  await expect(page.locator('tbody tr').first()).toBeVisible();
  expect(await settle()).toEqual([LIST, FACETS, SESSION, VIEWS]);
  await page.reload();
  await expect(page.locator('tbody tr').first()).toBeVisible();
  expect(await settle()).toEqual([LIST, FACETS, SESSION, VIEWS]);

  await page.getByRole('link', { name: /^All/ }).click();
  await expect(page.locator('table')).not.toHaveAttribute('data-stale');
  expect(await settle()).toEqual([LIST, FACETS]);
  await page.getByRole('button', { name: /^SEV2/ }).click();
  await expect(page.locator('table')).not.toHaveAttribute('data-stale');
  expect(await settle()).toEqual([LIST, FACETS]);
  // What the counts count does not depend on the order or the page.
  await page.getByRole('columnheader', { name: 'Title' }).getByRole('link').click();
  await expect(page.locator('table')).not.toHaveAttribute('data-stale');
  expect(await settle()).toEqual([LIST]);

  // Older than the two seconds for which an answer is taken to be fresh.
  await page.waitForTimeout(2_100);
  await page.goBack();
  await expect.poll(() => sent.length).toBe(1);
  expect(await settle()).toEqual([LIST]);
  await page.goBack();
  await expect(page).toHaveURL('/?q=&sort_by=createdAt');
  await expect.poll(() => sent.length).toBe(2);
  expect(await settle()).toEqual([LIST, FACETS]);
});

test('a search that finds nothing asks for nothing more', async ({ page }) => {
  const { takePaths } = watch(page);
  await page.goto('/?q=qqqqqqq');
  await expect(page.getByRole('heading', { name: 'Nothing matches' })).toBeVisible();
  await page.waitForLoadState('networkidle');
  expect(takePaths()).toEqual([LIST, FACETS, SESSION, VIEWS]);
});

test('typing on aborts what was asked before, and a late answer is never shown', async ({
  page,
}) => {
  const { sent, aborted } = watch(page);
  await page.goto('/');
  await expect(page.locator('tbody tr').first()).toBeVisible();
  const texts = await recordTexts(page);
  const letGoFirst = await hold(page, 'checkout', 111_111);
  const letGoSecond = await hold(page, 'checkout time', 222_222);
  const letGoLast = await hold(page, 'checkout timeout', 333_333);

  await page.keyboard.press('/');
  await typeAndWait(page, 'checkout', 'checkout', sent);
  await typeAndWait(page, ' time', 'checkout time', sent);
  await typeAndWait(page, 'out', 'checkout timeout', sent);
  await expect
    .poll(() => aborted.map((request) => `${pathOf(request)} ${searchOf(request)}`).toSorted())
    .toEqual([
      `${LIST} checkout`,
      `${LIST} checkout time`,
      `${FACETS} checkout`,
      `${FACETS} checkout time`,
    ]);
  // What is shown meanwhile belongs together, and is marked as that of an earlier request.
  await expect(page.locator('table')).toHaveAttribute('data-stale');
  await expect(page.locator('.range')).toHaveAttribute('data-stale');
  await expect(page.locator('.filterbar')).toHaveAttribute('data-stale');

  // In reverse order: the newest first, the oldest last.
  letGoLast();
  await expect(page.locator('.row-link')).toHaveText(['Found by checkout timeout']);
  letGoSecond();
  letGoFirst();
  await page.waitForTimeout(400);

  await expect(page.locator('.row-link')).toHaveText(['Found by checkout timeout']);
  await expect(page.locator('.range')).toHaveText('1–1 of 333,333');
  await expect(page.locator('.chips .count').first()).toHaveText('333,333');
  await expect(page.getByRole('combobox', { name: 'Search incidents' })).toHaveValue(
    'status:open,mitigated checkout timeout',
  );
  await expect(page).toHaveURL('/?q=status:open,mitigated+checkout+timeout');
  await expect(page.locator('[data-stale]')).toHaveCount(0);
  expect((await texts()).join()).not.toMatch(/111,111|222,222|Found by checkout(,| time,)/);
});

test('an old request that fails after a newer one was answered is not told, and not tried again', async ({
  page,
}) => {
  const { sent } = watch(page);
  await page.goto('/');
  await expect(page.locator('tbody tr').first()).toBeVisible();
  const letGoFirst = await hold(page, 'checkout', 1, true);
  const letGoLast = await hold(page, 'checkout timeout', 2);
  await page.keyboard.press('/');
  await typeAndWait(page, 'checkout', 'checkout', sent);
  await typeAndWait(page, ' timeout', 'checkout timeout', sent);
  letGoLast();
  await expect(page.locator('.row-link')).toHaveText(['Found by checkout timeout']);
  letGoFirst();
  // Longer than the waits between tries.
  await page.waitForTimeout(1_500);
  await expect(page.locator('.row-link')).toHaveText(['Found by checkout timeout']);
  await expect(page.getByRole('alert')).toHaveCount(0);
  await expect(page.getByText('Too late')).toHaveCount(0);
  expect(sent.filter((request) => searchOf(request) === 'checkout')).toHaveLength(2);
});

test('an overloaded server is asked again when it said, and no more once nobody waits', async ({
  page,
}) => {
  const { sent } = watch(page);
  await page.goto('/');
  await expect(page.locator('tbody tr').first()).toBeVisible();
  const at: number[] = [];
  await page.route(
    (url) => url.pathname === LIST && url.searchParams.get('q') === `${SHOWN}checkout`,
    async (route) => {
      at.push(Date.now());
      const headers = { 'Retry-After': at.length === 1 ? '1' : '3' };
      const json = { title: 'Overloaded', status: 503, detail: 'Too many searches.' };
      await route.fulfill({ status: 503, headers, json });
    },
  );
  await page.keyboard.press('/');
  await typeAndWait(page, 'checkout', 'checkout', sent);
  await expect(page.getByText('Too many searches. Trying again…')).toBeVisible();
  await expect.poll(() => at.length).toBe(2);
  expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(1_000);

  await typeAndWait(page, ' timeout', 'checkout timeout', sent);
  await expect(page.getByText('Too many searches.')).toHaveCount(0);
  await page.waitForTimeout(4_000);
  expect(at).toHaveLength(2);
});

test('leaving the list aborts what it asked', async ({ page }) => {
  const { sent, aborted } = watch(page);
  await page.goto('/');
  await expect(page.locator('tbody tr').first()).toBeVisible();
  await page.route(
    (url) => url.pathname.startsWith(LIST) && url.searchParams.get('q') === `${SHOWN}sev:1`,
    async () => {},
  );
  sent.splice(0);
  await page.getByRole('button', { name: /^SEV1/ }).click();
  await expect.poll(() => sent.map(pathOf).toSorted()).toEqual([LIST, FACETS]);
  await page.keyboard.press('c');
  await expect(page.getByRole('heading', { name: 'New incident' })).toBeVisible();
  await expect.poll(() => aborted.map(pathOf).toSorted()).toEqual([LIST, FACETS]);
});
