import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

/*
 * The colours as they are written in index.css: readable everywhere, and told apart by people who see fewer
 * colours. Nothing here repeats a colour; a changed token is judged anew.
 */
type Rgb = [number, number, number];
type Palette = Record<string, string>;

const css = readFileSync('src/index.css', 'utf8');
const listCss = readFileSync('src/list.css', 'utf8');

function tokens(selector: string): Palette {
  const start = css.indexOf(`${selector} {`);
  if (start < 0) throw new Error(`index.css has no ${selector}`);
  const block = css.slice(start, css.indexOf('}', start));
  return Object.fromEntries(
    [...block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]),
  ) as Palette;
}

const light = tokens(':root');
const themes: Record<string, Palette> = {
  light,
  dark: { ...light, ...tokens(':root[data-theme="dark"]') },
};

/** Linear-light channels, 0 to 1. */
function rgb(hex: string): Rgb {
  const channel = (at: number) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

function times(matrix: readonly Rgb[], [r, g, b]: Rgb): Rgb {
  const row = ([x, y, z]: Rgb) => x * r + y * g + z * b;
  const [first, second, third] = matrix;
  if (!first || !second || !third) throw new Error('three rows');
  return [row(first), row(second), row(third)];
}

/** WCAG 2.2, "contrast ratio". */
function contrast(a: string, b: string): number {
  const luminance = (hex: string) =>
    times(
      [
        [0.2126, 0.7152, 0.0722],
        [0, 0, 0],
        [0, 0, 0],
      ],
      rgb(hex),
    )[0];
  const [dark = 0, bright = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (bright + 0.05) / (dark + 0.05);
}

/** Machado, Oliveira, Fernandes 2009, severity 1.0, on linear channels. */
const VISION: Record<string, Rgb[]> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** Björn Ottosson's OKLab; distances in it are even to the eye. 0.02 is just noticeable, the least here is twice that. */
function oklab(linear: Rgb): Rgb {
  const clamped = linear.map((value) => Math.min(1, Math.max(0, value))) as Rgb;
  const lms = times(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    clamped,
  );
  return times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    lms.map(Math.cbrt) as Rgb,
  );
}

function distance(a: string, b: string, matrix: readonly Rgb[]): number {
  const [x, y] = [oklab(times(matrix, rgb(a))), oklab(times(matrix, rgb(b)))];
  return Math.hypot(x[0] - y[0], x[1] - y[1], x[2] - y[2]);
}

/** `color-mix(in srgb, <over> <share>, <under>)`, or what shows of `over` at that opacity. */
function mixed(over: string, under: string, share: number): string {
  const channel = (at: number) => {
    const [top, bottom] = [over, under].map((hex) => Number.parseInt(hex.slice(at, at + 2), 16));
    return Math.round((top ?? 0) * share + (bottom ?? 0) * (1 - share));
  };
  return `#${[1, 3, 5].map((at) => channel(at).toString(16).padStart(2, '0')).join('')}`;
}

const color = (palette: Palette, name: string) => {
  const value = palette[name];
  if (!value) throw new Error(`index.css has no --${name}`);
  return value;
};

/** Grounds that are mixed where they are used: the rows of menus, segments, and a term in the search box. */
const MIXED: Record<string, (palette: Palette) => string> = {
  'a hovered menu row': (of) => mixed(color(of, 'text'), color(of, 'surface'), 0.07),
  'the bed of segments': (of) => mixed(color(of, 'text'), color(of, 'surface'), 0.06),
  'a term in the search box': (of) => mixed(color(of, 'accent'), color(of, 'canvas'), 0.14),
};

const ground = (palette: Palette, name: string) => MIXED[name]?.(palette) ?? color(palette, name);

/** A row of the list: as it is, under the pointer, and chosen. */
const ROW = ['surface', 'hover', 'accent-tint'];
const MENU = 'a hovered menu row';
const SEGMENTS = 'the bed of segments';

/** Text and what it can stand on. */
const TEXT: ReadonlyArray<[text: string, grounds: string[]]> = [
  ['text', [...ROW, 'canvas', 'warn-tint', MENU, SEGMENTS, 'a term in the search box']],
  ['text-soft', [...ROW, 'canvas', 'warn-tint', MENU, SEGMENTS]],
  // Rows that have left the list are all in it.
  ['text-muted', [...ROW, 'canvas', MENU]],
  ['accent-text', [...ROW, 'canvas']],
  ['surface', ['text']],
  ['on-accent', ['accent', 'accent-hover']],
  ['accent', ['on-accent']],
  ['on-sev-1', ['sev-1']],
  ['sev-2', ['sev-2-tint', ...ROW, 'canvas']],
  ['sev-3', [...ROW, 'canvas', 'warn-tint', MENU]],
  ['sev-4', [...ROW, 'canvas', 'warn-tint', MENU]],
  ['open', ['open-tint', ...ROW]],
  ['mitigated', ['mitigated-tint', ...ROW]],
  ['resolved', ['resolved-tint', ...ROW]],
  ['bad', ['bad-tint', ...ROW, 'canvas']],
  ['warn', ['warn-tint', ...ROW, 'canvas']],
];

/** What is seen without being read: the ring of the focus, what is chosen, the edge of a field, the block of SEV1. */
const SHAPES: ReadonlyArray<[shape: string, grounds: string[]]> = [
  ['accent-text', [...ROW, 'canvas', 'warn-tint', 'bad-tint', MENU, SEGMENTS]],
  ['control-line', ['surface', 'canvas', 'hover']],
  ['sev-1', [...ROW, 'canvas', 'warn-tint']],
  ['accent', ['surface', 'canvas']],
];

const pairsOf = (table: typeof TEXT) =>
  table.flatMap(([one, grounds]) => grounds.map((other) => [one, other] as const));

describe.each(Object.entries(themes))('%s', (_theme, palette) => {
  test.each(pairsOf(TEXT))('%s on %s is readable', (text, on) => {
    expect(contrast(color(palette, text), ground(palette, on))).toBeGreaterThanOrEqual(4.5);
  });

  test.each(pairsOf(SHAPES))('%s on %s is seen', (shape, on) => {
    expect(contrast(color(palette, shape), ground(palette, on))).toBeGreaterThanOrEqual(3);
  });

  test('what is dimmed while new rows are on their way can still be made out', () => {
    const [, opacity] = /\[data-stale\] \{\s*opacity: ([\d.]+);/.exec(listCss) ?? [];
    const share = Number(opacity);
    expect(share).toBeLessThan(1);
    for (const text of ['text', 'text-soft', 'text-muted', 'sev-4', 'open', 'mitigated']) {
      for (const on of ROW) {
        const [front, back] = [color(palette, text), color(palette, on)];
        expect(
          contrast(mixed(front, back, share), back),
          `${text} on ${on}`,
        ).toBeGreaterThanOrEqual(3);
      }
    }
  });

  const SETS = [
    ['severities', ['sev-1', 'sev-2', 'sev-3', 'sev-4']],
    ['statuses', ['open', 'mitigated', 'resolved']],
  ] as const;
  const views = Object.entries(VISION).flatMap(([vision, matrix]) =>
    SETS.map(([what, names]) => ({ what, vision, names, matrix })),
  );

  test.each(views)('$what differ with $vision vision', ({ names, matrix }) => {
    for (const [index, one] of names.entries()) {
      for (const other of names.slice(index + 1)) {
        const apart = distance(color(palette, one), color(palette, other), matrix);
        expect(apart, `${one} and ${other}`).toBeGreaterThan(0.04);
      }
    }
  });

  test.each(Object.entries(VISION))('a chosen row differs with %s vision', (_vision, matrix) => {
    for (const on of ['surface', 'hover']) {
      const apart = distance(color(palette, 'accent-tint'), color(palette, on), matrix);
      // Just noticeable is enough beside a ticked box.
      expect(apart, `on ${on}`).toBeGreaterThan(0.02);
    }
  });
});
