import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import { changeAs, createIncident } from './api';
import { withoutStream } from './stream';

/*
 * What people need who use the keyboard alone, magnify, choose colours of their own or want nothing to move. What axe
 * can find is in looks.spec.ts.
 */
interface Shown {
  /** A service with four incidents, one of each severity, in every status. */
  service: string;
  /** The path of the one that the detail page shows. */
  incident: string;
}

async function fill(page: Page): Promise<Shown> {
  const service = `access-${Date.now()}`;
  const made = [];
  for (const severity of ['SEV1', 'SEV2', 'SEV3', 'SEV4']) {
    made.push(await createIncident(page.request, { severity, service, owner: 'Ana' }));
  }
  const [first, second] = made;
  await changeAs(page.request, 'Cleo', first?.id ?? '', { status: 'MITIGATED' });
  await changeAs(page.request, 'Cleo', second?.id ?? '', { status: 'RESOLVED', summary: '# Why' });
  return { service, incident: `/incidents/INC-${second?.number}` };
}

/** The three pages, each ready to be looked at. */
const PAGES: Record<string, (page: Page, shown: Shown) => Promise<void>> = {
  list: async (page, { service }) => {
    await page.goto(`/?q=service:${service}`);
    await expect(page.locator('tbody tr').first()).toBeVisible();
  },
  detail: async (page, { incident }) => {
    await page.goto(incident);
    const timeline = page.getByRole('region', { name: 'Timeline' });
    await expect(timeline.getByRole('listitem').first()).toBeVisible();
  },
  create: async (page, { service }) => {
    await page.goto('/incidents/new');
    await page.getByLabel('Title').fill('Made by a test');
    await page.getByRole('combobox', { name: 'Service' }).fill(service);
    await page.keyboard.press('Escape');
    const panel = page.getByRole('region', { name: 'Already reported?' });
    await expect(panel.locator('li').first()).toBeAttached();
    const more = panel.getByRole('button', { name: /similar open/ });
    if (await more.isVisible()) await more.click();
    await expect(panel.getByRole('listitem').first()).toBeVisible();
  },
};

async function open(page: Page, name: string): Promise<void> {
  await withoutStream(page);
  await PAGES[name]?.(page, await fill(page));
  await page.evaluate(() => document.fonts.ready);
}

for (const name of Object.keys(PAGES)) {
  test.describe(name, () => {
    test('has a title, one main part and one heading of the first rank', async ({ page }) => {
      await open(page, name);
      await expect(page).toHaveTitle(/^.+ · Incident Tracker$/);
      for (const role of ['main', 'banner'] as const) {
        await expect(page.getByRole(role)).toHaveCount(1);
      }
      await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
      const ranks = await page
        .locator('h1, h2, h3, h4, h5, h6')
        .evaluateAll((all) => all.map(({ tagName }) => Number(tagName.slice(1))));
      for (const [index, rank] of ranks.entries()) {
        expect(rank, `heading ${index}`).toBeLessThanOrEqual((ranks[index - 1] ?? 0) + 1);
      }
    });

    test('nothing moves for whoever asked for that', async ({ page }) => {
      await page.emulateMedia({ reducedMotion: 'reduce' });
      await open(page, name);
      await page.keyboard.press('Tab');
      expect(await motions(page)).toEqual([]);
    });

    for (const [width, height] of [
      [1440, 900],
      [1024, 768],
      [768, 1024],
      [390, 844],
      [320, 256],
    ] as const) {
      test(`at ${width}x${height} nothing is cut off, covered or too small`, async ({ page }) => {
        await page.setViewportSize({ width, height });
        await open(page, name);
        expect(await faults(page)).toEqual([]);
      });
    }

    test('text may be set wider', async ({ page }) => {
      for (const width of [1440, 390]) {
        await page.setViewportSize({ width, height: 844 });
        await open(page, name);
        // WCAG 1.4.12.
        await page.addStyleTag({
          content: `* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
            word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }`,
        });
        expect(await faults(page), `${width}`).toEqual([]);
      }
    });

    test('the focus is seen wherever it is, in colours of the system too', async ({ page }) => {
      for (const [forcedColors, width, height] of [
        ['none', 1440, 900],
        ['none', 390, 844],
        ['none', 320, 256],
        ['active', 1440, 900],
      ] as const) {
        await page.emulateMedia({ forcedColors });
        await page.setViewportSize({ width, height });
        await open(page, name);
        await page.evaluate(() => {
          (document.activeElement as HTMLElement | null)?.blur();
          window.scrollTo(0, 0);
        });
        const unseen: string[] = [];
        const stops = await tabThrough(page, async () => {
          const problem = await page.evaluate(focusProblem);
          if (problem !== null) unseen.push(problem);
        });
        expect(unseen, `${forcedColors} ${width}`).toEqual([]);
        expect(stops.length).toBeGreaterThan(10);
      }
    });
  });
}

test('the new incident: axe finds nothing beside what is similar', async ({ page }) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await open(page, 'create');
    await page.getByRole('textbox', { name: /^Summary/ }).fill('Text');
    await expect(page.getByRole('checkbox')).toBeVisible();
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id }) => id)).toEqual([]);
  }
});

test('Tab goes through each page in the order of what it shows', async ({ page }) => {
  const shown = await fill(page);
  await withoutStream(page);
  const orderOf = async (name: string) => {
    await PAGES[name]?.(page, shown);
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    // From the very beginning, wherever the focus has been.
    await page.locator('.skip-link').focus();
    return ['Skip to content', ...(await tabThrough(page, async () => {}))];
  };

  const list = await orderOf('list');
  expectInOrder(list, [
    'Skip to content',
    /^Incident Tracker/,
    /^Search/,
    /^Keyboard shortcuts/,
    /^Theme/,
    /^(Set your|Your) name/,
    /^New/,
    /^Open/,
    /^All/,
    'Export',
    /^SEV1/,
    /^SEV4/,
    /^Open/,
    /^Resolved/,
    /^Service/,
    /^Owner/,
    'Severity',
    'Updated',
    /^Made by a test/,
    /^Rows|per page/,
  ]);
  // The rows are one stop, wherever in them the focus was left.
  expect(list.filter((name) => name.startsWith('Made by a test'))).toHaveLength(1);

  expectInOrder(await orderOf('detail'), [
    'Skip to content',
    /^New/,
    'Incidents',
    'Edit title',
    /^Open/,
    /^SEV1/,
    /^SEV4/,
    'Edit service',
    'Edit owner',
    'Edit summary',
    'Write',
    'Preview',
    'Comment',
    'Edit start time',
  ]);

  expectInOrder(await orderOf('create'), [
    'Skip to content',
    /^New/,
    'Title',
    'Service',
    /^SEV/,
    /^Made by a test/,
    'This is it',
    /^Owner/,
    /^Open/,
    'Write',
    'Preview',
    /^Summary/,
    'Create incident',
  ]);
});

test.describe('in colours of the system', () => {
  test.use({ contextOptions: { forcedColors: 'active' } });

  test('severities and statuses are told apart by their shapes', async ({ page }) => {
    await open(page, 'list');
    const shapes = await page.locator('tbody .sev').evaluateAll((all) =>
      all.map((badge) => {
        const { clipPath, borderRadius, backgroundColor } = getComputedStyle(badge, '::before');
        const seen = backgroundColor !== getComputedStyle(document.body).backgroundColor;
        return { shape: `${clipPath} ${borderRadius}`, seen, text: badge.textContent };
      }),
    );
    expect(new Set(shapes.map(({ text }) => text)).size).toBe(4);
    expect(new Set(shapes.map(({ shape }) => shape)).size).toBe(4);
    expect(shapes.every(({ seen }) => seen)).toBe(true);
    const drawn = await page
      .locator('tbody .status')
      .evaluateAll((all) => all.map((one) => one.querySelector('svg')?.innerHTML));
    expect(new Set(drawn).size).toBe(3);
  });

  test('what is pressed, chosen or current has a frame', async ({ page }) => {
    await open(page, 'list');
    const chip = page.getByRole('group', { name: 'Severity' }).getByRole('button').first();
    const look = () => chip.evaluate((one) => getComputedStyle(one).outlineStyle);
    expect(await look()).toBe('none');
    await chip.click();
    await expect.poll(look).toBe('solid');

    await open(page, 'create');
    await page.getByText('Degraded').click();
    await page.getByLabel('Title').focus();
    const framed = await page
      .locator('.choice')
      .evaluateAll((all) => all.filter((one) => getComputedStyle(one).outlineStyle === 'solid'));
    expect(framed).toHaveLength(2);

    await page.getByRole('combobox', { name: 'Service' }).fill('a');
    await expect(page.getByRole('option').nth(1)).toBeVisible();
    await page.keyboard.press('ArrowDown');
    const options = await page
      .getByRole('option')
      .evaluateAll((all) => all.map((one) => getComputedStyle(one).outlineStyle));
    expect(options.filter((style) => style === 'solid')).toHaveLength(1);
    expect(options[0]).toBe('solid');
  });
});

test.describe('by touch', () => {
  test.use({ hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } });

  for (const name of ['detail', 'create']) {
    test(`what matters on the page “${name}” is large enough for a thumb`, async ({ page }) => {
      await open(page, name);
      const targets = page.locator(
        'main :is(.btn:not(.small), .choice, .segments button, .input, .similar-head .link)',
      );
      expect(await targets.count()).toBeGreaterThan(5);
      for (const target of await targets.all()) {
        if (!(await target.isVisible())) continue;
        // What covers its parent is pressed there.
        const height = await target.evaluate((one) => {
          const after = getComputedStyle(one, '::after');
          return Math.max(one.getBoundingClientRect().height, Number.parseFloat(after.height) || 0);
        });
        expect(height, await target.innerText()).toBeGreaterThanOrEqual(44);
      }
    });
  }
});

// ---- What is measured in the page

/** Everything that moves, or would, for longer than 10 ms. */
function motions(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const seconds = (list: string) => list.split(',').map((one) => Number.parseFloat(one));
    const styled = [...document.querySelectorAll('*')].flatMap((element) =>
      ['', '::before', '::after'].flatMap((pseudo) => {
        const style = getComputedStyle(element, pseudo || null);
        const longest = Math.max(
          ...seconds(style.transitionDuration),
          ...(style.animationName === 'none' ? [] : seconds(style.animationDuration)),
        );
        return longest > 0.01 ? [`${element.className || element.tagName}${pseudo}`] : [];
      }),
    );
    const running = document
      .getAnimations()
      .filter(({ effect }) => Number(effect?.getComputedTiming().activeDuration) > 10)
      .map(() => 'an animation');
    return [...styled, ...running];
  });
}

/** Presses Tab until the focus leaves the page; the names of where it stops, in order. */
async function tabThrough(page: Page, look: () => Promise<void>): Promise<string[]> {
  const names: string[] = [];
  for (let step = 0; step < 200; step += 1) {
    await page.keyboard.press('Tab');
    const name = await page.evaluate(() => {
      const element = document.activeElement;
      if (!(element instanceof HTMLElement) || element === document.body) return null;
      const { labels } = element as HTMLInputElement;
      const label = element.getAttribute('aria-label') ?? labels?.[0]?.textContent;
      return (label ?? element.textContent ?? '').trim();
    });
    if (name === null) return names;
    names.push(name);
    await look();
  }
  throw new Error('The focus never leaves the page.');
}

/** Why the focus cannot be seen where it is; null where it can. */
function focusProblem(): string | null {
  const element = document.activeElement as HTMLElement;
  const named = `${element.tagName} ${element.className} ${element.textContent?.slice(0, 30)}`;
  // The ring of a hidden radio is at its label, that of a row's link at the row.
  const bearers = [element, element.closest('label'), element.closest('tr')];
  const ringed = bearers.some((one) => {
    if (one === null) return false;
    const { outlineStyle, outlineWidth } = getComputedStyle(one);
    return outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 1;
  });
  if (!ringed) return `${named}: no ring`;
  const box = (element.closest('label') ?? element).getBoundingClientRect();
  const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  if (!inside) return `${named}: not in sight`;
  const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
  const at = document.elementFromPoint(
    Math.min(Math.max(x, 0), innerWidth - 1),
    Math.min(Math.max(y, 0), innerHeight - 1),
  );
  const own = element.closest('label, tr') ?? element;
  const hidden = at !== null && !own.contains(at) && !at.contains(element);
  return hidden ? `${named}: under ${at.tagName} ${at.className}` : null;
}

/** What is wider than the window, cut off without a sign, under something else, or too small to hit. */
function faults(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const nameOf = (one: Element) =>
      `${one.tagName.toLowerCase()}.${[...one.classList].join('.')} "${(one.getAttribute('aria-label') ?? one.textContent ?? '').trim().slice(0, 30)}"`;
    const root = document.documentElement;
    if (root.scrollWidth > innerWidth) found.push(`the page is ${root.scrollWidth} wide`);

    const above = (one: Element) => {
      const all: Element[] = [];
      for (let up: Element | null = one; up && up !== root; up = up.parentElement) all.push(up);
      return all;
    };
    const isHidden = (one: Element) =>
      !one.checkVisibility({ opacityProperty: true, visibilityProperty: true }) ||
      above(one).some((up) => getComputedStyle(up).clipPath === 'inset(50%)');
    const scrollers = (one: Element) =>
      above(one)
        .slice(1)
        .filter((up) => /auto|scroll/.test(getComputedStyle(up).overflowX) && up !== document.body);
    /** What is seen of it inside of what scrolls. */
    const seen = (one: Element) => {
      let { left, top, right, bottom } = one.getBoundingClientRect();
      for (const up of scrollers(one)) {
        const box = up.getBoundingClientRect();
        left = Math.max(left, box.left);
        top = Math.max(top, box.top);
        right = Math.min(right, box.right);
        bottom = Math.min(bottom, box.bottom);
      }
      return new DOMRect(left, top, Math.max(0, right - left), Math.max(0, bottom - top));
    };

    // Cut off: text that its box is too small for, where no ellipsis says so.
    for (const one of document.querySelectorAll('body *')) {
      if (!(one instanceof HTMLElement) || isHidden(one) || one.closest('[aria-hidden=true]'))
        continue;
      const style = getComputedStyle(one);
      const wide = one.scrollWidth > one.clientWidth + 1;
      const high = one.scrollHeight > one.clientHeight + 1;
      const isText = [...one.childNodes].some(
        (child) => child.nodeType === Node.TEXT_NODE && child.textContent?.trim(),
      );
      if (!isText) continue;
      if (/hidden|clip/.test(style.overflowX) && wide && style.textOverflow !== 'ellipsis')
        found.push(`${nameOf(one)} is cut off`);
      if (/hidden|clip/.test(style.overflowY) && high)
        found.push(`${nameOf(one)} is cut off below`);
      const box = one.getBoundingClientRect();
      if (scrollers(one).length === 0 && (box.right > innerWidth + 1 || box.left < -1))
        found.push(`${nameOf(one)} leaves the window`);
      // A frame that its own text has grown out of.
      const framed = style.overflowX === 'visible' && one.matches('.btn, .sev, .status, .chip, th');
      if (framed && (wide || high)) found.push(`${nameOf(one)} is outgrown by its text`);
    }

    // Targets: where a pointer has to go.
    const targets = [...document.querySelectorAll('a[href], button, input, select, textarea')]
      .filter((one) => !isHidden(one) || one.matches('.choice input'))
      .map((one) => {
        const area =
          one.closest('label') ?? (one.matches('.row-link') ? one.closest('tr') : null) ?? one;
        return { one, area, box: seen(area) };
      })
      .filter(({ box }) => box.width > 0 && box.height > 0);

    const apart = (a: DOMRect, b: DOMRect) =>
      a.right <= b.left + 1 ||
      b.right <= a.left + 1 ||
      a.bottom <= b.top + 1 ||
      b.bottom <= a.top + 1;
    const inRow = ({ one }: (typeof targets)[number]) => one.closest('tbody') !== null;
    const isFloating = ({ one }: (typeof targets)[number]) =>
      one.closest('.news, .bulk, .topbar, thead') !== null;
    for (const [index, target] of targets.entries()) {
      for (const other of targets.slice(index + 1)) {
        if (target.area.contains(other.area) || other.area.contains(target.area)) continue;
        // What is in a row lies over its link; what floats is scrolled under.
        if ((inRow(target) && inRow(other)) || isFloating(target) !== isFloating(other)) continue;
        // The box of a search and what is in it are one.
        if (target.area.closest('.search') && other.area.closest('.search')) continue;
        if (!apart(target.box, other.box))
          found.push(`${nameOf(target.area)} lies on ${nameOf(other.area)}`);
      }
      // WCAG 2.5.8: 24 by 24, or as much room around it; a link within a sentence is as high as its line.
      const { box, area } = target;
      const isInline = getComputedStyle(area).display === 'inline';
      const whole = area.getBoundingClientRect();
      if (isInline || (whole.width >= 24 && whole.height >= 24)) continue;
      const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
      const circle = new DOMRect(x - 12, y - 12, 24, 24);
      const crowded = targets.some(
        (other) => other.area !== area && !other.area.contains(area) && !apart(circle, other.box),
      );
      if (crowded) found.push(`${nameOf(area)} is ${box.width} by ${box.height}`);
    }
    return [...new Set(found)];
  });
}

/** That these come one after the other; others may come between them. */
function expectInOrder(names: readonly string[], wanted: readonly (string | RegExp)[]) {
  let at = -1;
  for (const one of wanted) {
    const next = names.findIndex(
      (name, index) => index > at && (typeof one === 'string' ? name === one : one.test(name)),
    );
    expect(next, `${one} after ${names[at]} in:\n${names.join('\n')}`).toBeGreaterThan(at);
    at = next;
  }
}
