import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import { changeAs, createIncident } from './api';
import { refuseStream, withoutStream } from './stream';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

async function expectAccessible(page: Page, only?: 'color-contrast') {
  const axe = new AxeBuilder({ page });
  const { violations } = await (only ? axe.withRules(only) : axe.withTags(RULES)).analyze();
  const found = violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`,
  );
  expect(found).toEqual([]);
}

/** As if there were none that are open, or none at all. */
async function withoutIncidents(page: Page, { ever = false } = {}): Promise<void> {
  await page.route('**/api/incidents?*', async (route) => {
    const q = new URL(route.request().url()).searchParams.get('q') ?? '';
    const answer = await route.fetch();
    const all = await answer.json();
    const none = { ...all, items: [], total: 0, pages: 0, nextCursor: null };
    await route.fulfill({ response: answer, json: q.includes('status:') ? none : all });
  });
  if (ever) return;
  await page.route('**/api/incidents/facets*', async (route) => {
    const answer = await route.fetch();
    const { status, ...rest } = (await answer.json()) as { status: { value: string }[] };
    const none = status.map(({ value }) => ({ value, count: 0 }));
    await route.fulfill({ response: answer, json: { ...rest, status: none } });
  });
}

/** Every page and every state that has a look of its own. */
const VIEWS: Record<string, (page: Page) => Promise<void>> = {
  list: async (page) => {
    await page.goto('/?q=&per_page=25');
    await expect(page.locator('tbody tr').first()).toBeVisible();
  },
  'list with a filter open': async (page) => {
    await page.goto('/?q=status:open,mitigated+sev:1,2');
    await page.getByRole('button', { name: 'Service' }).click();
    await expect(page.getByRole('checkbox').first()).toBeVisible();
  },
  'list with all views open': async (page) => {
    await page.goto('/?q=status:open,mitigated+sev:1,2');
    await page.getByRole('button', { name: 'All views' }).click();
    await page.getByRole('button', { name: 'Change Open' }).click();
    await expect(page.getByRole('button', { name: 'Copy link' })).toBeVisible();
  },
  'list about to be saved as a view': async (page) => {
    await page.goto('/?q=status:open+sev:1,2');
    await page.getByRole('button', { name: 'Save view' }).click();
    await page.getByRole('button', { name: 'Save as new' }).click();
    await expect(page.getByText('Give it a name.')).toBeVisible();
  },
  'list with the export open': async (page) => {
    await page.goto('/?q=status:open,mitigated+sev:1,2');
    await page.getByRole('button', { name: 'Export' }).click();
    await expect(page.getByRole('link', { name: /^CSV/ })).toBeVisible();
  },
  'list that is loading': async (page) => {
    await page.route('**/api/incidents?*', () => {});
    await page.goto('/');
    await expect(page.locator('.skeleton-row').first()).toBeVisible();
    await expect(page.locator('.chip .count').first()).not.toBeEmpty();
    // The counts have come out of their shade by then.
    await page.waitForTimeout(400);
  },
  'first run': async (page) => {
    await withoutIncidents(page);
    await page.goto('/');
    await expect(page.getByRole('heading', { name: 'No incidents yet' })).toBeVisible();
  },
  'all clear': async (page) => {
    await withoutIncidents(page, { ever: true });
    await page.goto('/');
    await expect(page.getByText(/^Last/)).toBeVisible();
  },
  'nothing matches': async (page) => {
    await page.goto('/?q=status:open+qqqqqqq');
    await expect(page.getByRole('link', { name: 'Without qqqqqqq' })).toBeVisible();
    await expect(page.locator('.ways-out .count').last()).not.toBeEmpty();
  },
  'page past the end': async (page) => {
    await page.goto('/?page=900');
    await expect(page.getByRole('heading', { name: 'This page is past the end' })).toBeVisible();
  },
  'completions of the search': async (page) => {
    await page.goto('/');
    await expect(page.locator('tbody tr').first()).toBeVisible();
    await page.keyboard.press('/');
    await page.keyboard.type('owner:');
    await expect(page.getByRole('listbox', { name: 'Completions' })).toBeVisible();
    await page.keyboard.press('ArrowDown');
  },
  'search with a mistake': async (page) => {
    await page.goto('/');
    await expect(page.locator('tbody tr').first()).toBeVisible();
    await page.keyboard.press('/');
    await page.keyboard.type('sev:9 "disk full" ');
    await expect(page.locator('.mistakes')).toBeVisible();
  },
  'link with a mistake': async (page) => {
    await page.goto('/?q=sev:9');
    await expect(page.getByRole('heading', { name: 'The search cannot be read' })).toBeVisible();
  },
  'list that failed': async (page) => {
    await page.route('**/api/incidents?*', (route) => route.abort());
    await page.goto('/');
    await expect(page.getByRole('alert')).toBeVisible();
  },
  'list with old rows': async (page) => {
    await page.goto('/');
    await expect(page.locator('tbody tr').first()).toBeVisible();
    await page.route('**/api/incidents?*', (route) => route.abort());
    // A key that comes with the very first paint is nobody's yet.
    await expect(async () => {
      await page.keyboard.press('.');
      await expect(page.locator('.notice')).toBeVisible({ timeout: 1_000 });
    }).toPass();
    await expect(page.locator('.notice').getByRole('button', { name: 'Retry' })).toBeVisible();
  },
  'list of a device that is offline': async (page) => {
    await withoutStream(page);
    await page.goto('/');
    // What acts on rows comes while the browser is idle.
    await page.waitForLoadState('networkidle');
    await page.locator('.row-link').first().focus();
    await page.context().setOffline(true);
    await page.keyboard.press('s');
    await page.keyboard.press('4');
    await expect(page.getByText('This device is offline.')).toBeVisible();
    await expect(page.locator('.row-mark')).toBeVisible();
  },
  'incident that failed': async (page) => {
    await page.route('**/api/incidents/INC-3*', (route) => route.abort());
    await page.goto('/incidents/INC-3');
    await expect(page.getByRole('alert')).toBeVisible();
  },
  'no such incident': async (page) => {
    await page.goto('/incidents/INC-999999');
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  },
  'page whose code could not be loaded': async (page) => {
    await page.route(/IncidentDetailPage.*\.js/, (route) => route.abort());
    await page.goto('/incidents/INC-3');
    await expect(page.getByRole('alert')).toBeVisible();
  },
  'list with news': async (page) => {
    const { request } = page.context();
    await page.goto('/?sort_by=number');
    await expect(page.locator('.live')).toHaveAttribute('data-state', 'live');
    const id = await page.locator('tbody tr').nth(1).getAttribute('data-id');
    await changeAs(request, 'Cleo', id ?? '', { status: 'RESOLVED' });
    await createIncident(request, { severity: 'SEV1' });
    await expect(page.getByRole('button', { name: /1 new · 1 SEV1/ })).toBeVisible();
    await expect(page.locator('tr[data-left]')).toHaveCount(1);
    // The tint is gone by then.
    await page.waitForTimeout(1_100);
  },
  'list with rows selected, and their severities to choose from': async (page) => {
    await page.goto('/?q=');
    await page.locator('.row-link').nth(1).focus();
    await page.keyboard.press('x');
    await page.keyboard.press('Shift+J');
    await page.getByRole('button', { name: /^Severity/ }).click();
    await expect(page.getByRole('button', { name: 'Set SEV4' })).toBeVisible();
  },
  'list with all that match selected, and the question': async (page) => {
    await page.goto('/?q=');
    await page.locator('.row-link').first().focus();
    await page.keyboard.press('Control+a');
    await page.getByRole('button', { name: /^Select all/ }).click();
    const bar = page.getByRole('region', { name: 'Selection' });
    await bar.getByRole('button', { name: /^Mitigate/ }).click();
    await expect(page.getByRole('dialog', { name: /^Mitigate/ })).toBeVisible();
  },
  'list with a conflict and a failure': async (page) => {
    const { request } = page.context();
    await page.goto('/');
    const rows = page.locator('tbody tr');
    await rows.first().getByRole('link').focus();
    const id = await rows.first().getAttribute('data-id');
    const status = (await rows.first().textContent())?.includes('Open') ? 'MITIGATED' : 'OPEN';
    await page.route('**/api/incidents/*', async (route) => {
      if (route.request().method() !== 'PATCH') return route.continue();
      if (
        !route
          .request()
          .url()
          .includes(id ?? '')
      )
        return route.abort();
      await changeAs(request, 'Cleo', id ?? '', { status });
      return route.continue();
    });
    await page.keyboard.press('e');
    await page.keyboard.press('e');
    await expect(rows.first()).toContainText('changed by Cleo');
    await expect(rows.nth(1)).toContainText('not saved');
    await expect(page.getByRole('button', { name: 'Dismiss', exact: true })).toBeVisible();
    // The tooltip of the row in focus lies outside of every landmark.
    await page.keyboard.press('Escape');
    await rows.nth(2).getByRole('link').blur();
    await page.waitForTimeout(1_100);
  },
  'list with the choice of an owner': async (page) => {
    await page.goto('/');
    await page.locator('tbody tr').first().getByRole('link').focus();
    await page.keyboard.press('a');
    await expect(page.getByRole('option', { name: /Nobody/ })).toBeVisible();
  },
  'list that is polled': async (page) => {
    await refuseStream(page);
    await page.goto('/');
    await expect(page.locator('.live-word')).toHaveText('Polling', { timeout: 20_000 });
  },
  detail: async (page) => {
    await withoutStream(page);
    await page.goto('/incidents/INC-3');
    await expect(
      page.getByRole('region', { name: 'Timeline' }).getByRole('listitem').first(),
    ).toBeVisible();
    await page.waitForLoadState('networkidle');
  },
  'detail being edited': async (page) => {
    await page.goto('/incidents/INC-3');
    await page.getByRole('button', { name: 'Edit summary' }).click();
    await page.getByRole('button', { name: 'Edit start time' }).click();
    await page.getByRole('button', { name: 'Edit service' }).click();
    await page.keyboard.press('ArrowDown');
    await expect(page.getByRole('option').first()).toBeVisible();
  },
  'detail with a conflict and a comment that was not sent': async (page) => {
    await page.route('**/comments', (route) => route.abort());
    const incident = await createIncident(page.request, { summary: 'Down.', owner: 'Ana' });
    await page.goto(`/incidents/INC-${incident.number}`);
    await page.getByRole('textbox', { name: 'Comment' }).fill('It *fails* to go.');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('button', { name: 'Edit summary' }).click();
    await page.getByRole('textbox', { name: 'Summary' }).fill('Mine.');
    await page.getByRole('button', { name: 'Edit owner' }).click();
    await page.keyboard.type('Zoë');
    await changeAs(page.request, 'Cleo', incident.id, { summary: 'Theirs.', owner: 'Cleo' });
    await page.keyboard.press('Enter');
    await expect(page.getByRole('group', { name: 'Which owner?' })).toBeVisible();
    await page.getByRole('textbox', { name: 'Summary' }).press('Control+Enter');
    await page.getByRole('radio', { name: /^Mine/ }).first().check();
    await expect(page.getByRole('group', { name: 'Which summary?' })).toBeVisible();
    await expect(page.getByText('Not sent.')).toBeVisible();
  },
  create: async (page) => {
    await page.goto('/incidents/new');
    await page.getByRole('button', { name: 'Create incident' }).click();
    await expect(page.getByText('Say what is broken.')).toBeVisible();
  },
  'not found': async (page) => {
    await page.goto('/nowhere');
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  },
  help: async (page) => {
    await page.goto('/?q=status:open,mitigated+sev:1');
    await page.getByRole('button', { name: 'Keyboard shortcuts' }).click();
    await page.getByRole('checkbox', { name: /Single-letter/ }).uncheck();
    await expect(page.getByRole('dialog')).toBeVisible();
  },
  'command palette': async (page) => {
    await page.goto('/?severity=SEV1,SEV2');
    await page.locator('.row-link').first().focus();
    await page.keyboard.press('Control+k');
    await expect(page.getByRole('group', { name: 'Views' })).toBeVisible();
    await page.keyboard.type('time');
    await expect(page.getByRole('group', { name: 'Found' })).toBeVisible();
  },
  'menu of a row': async (page) => {
    await page.goto('/?severity=SEV1,SEV2');
    await page.locator('.row-link').first().click({ button: 'right' });
    await expect(page.getByRole('menu')).toBeVisible();
  },
  'your name': async (page) => {
    await page.goto('/?q=status:open,mitigated+sev:1');
    await page.getByRole('button', { name: 'Set your name' }).click();
    await expect(page.getByLabel('Your name', { exact: true }).last()).toBeVisible();
  },
};

for (const [name, open] of Object.entries(VIEWS)) {
  test(`${name}: axe finds nothing, in light and in dark`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: 'light' });
    await open(page);
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
    await expectAccessible(page);
    // The page is the same in the dark; only its colours can be wrong there.
    await page.emulateMedia({ colorScheme: 'dark' });
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
    await expectAccessible(page, 'color-contrast');
  });
}

test('the chosen theme is there before the first paint, whatever the system says', async ({
  page,
}) => {
  await page.goto('/');
  await page.getByRole('button', { name: /^Theme/ }).click();
  await page.getByRole('radio', { name: 'Dark' }).check();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  // Without the app's code only the blocking script can have set it.
  await page.route('**/assets/*.js', (route) => route.abort());
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});

test('320 pixels are enough, as is a zoom of 400 %', async ({ page, request }) => {
  const incident = await createIncident(request, {
    title: `Unbreakable${'x'.repeat(120)}`,
    service: 's'.repeat(110),
    owner: 'o'.repeat(110),
    summary: `\`\`\`\n${'long '.repeat(80)}\n\`\`\`\n\n|a|b|\n|-|-|\n|${'c'.repeat(90)}|d|`,
  });
  await withoutStream(page);
  for (const path of [
    '/',
    '/?q=Unbreakable',
    `/incidents/INC-${incident.number}`,
    '/incidents/new',
    '/nowhere',
    `/nowhere/${'x'.repeat(200)}`,
  ]) {
    await page.setViewportSize({ width: 320, height: 640 });
    await page.goto(path);
    await page.waitForLoadState('networkidle');
    for (const height of [640, 225]) {
      await page.setViewportSize({ width: 320, height });
      const extra = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(extra, `${path} at 320x${height}`).toBeLessThanOrEqual(0);
    }
  }
});

test('on a phone rows are cards, and targets are large', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('/?per_page=25');
  await expect(page.locator('tbody tr').first()).toBeVisible();
  for (const box of await page
    .locator('tbody tr, .chip, .topbar .btn, .viewbar > .btn, .pager .btn')
    .all()) {
    if (!(await box.isVisible())) continue;
    expect((await box.boundingBox())?.height, await box.innerHTML()).toBeGreaterThanOrEqual(44);
  }
  await expect(page.getByRole('table')).toBeVisible();
  await expectAccessible(page);
  await page.locator('tbody .c-select').first().click();
  await expect(page.getByRole('region', { name: 'Selection' })).toBeVisible();
  await expectAccessible(page);
});
