import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

/*
 * The colours as they are written in index.css: readable everywhere, and told apart by people who see fewer
 * colours. Nothing here repeats a colour; a changed token is judged anew.
 */
type Rgb = [number, number, number];
type Palette = Record<string, string>;

const css = readFileSync('src/index.css', 'utf8');

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

/** Text and what it can stand on. */
const TEXT: ReadonlyArray<[text: string, grounds: string[]]> = [
  ['text', ['surface', 'canvas', 'hover', 'accent-tint', 'warn-tint']],
  ['text-soft', ['surface', 'canvas', 'hover', 'warn-tint']],
  ['text-muted', ['surface', 'canvas', 'hover']],
  ['accent-text', ['surface', 'canvas', 'hover', 'accent-tint']],
  ['on-accent', ['accent', 'accent-hover']],
  ['on-sev-1', ['sev-1']],
  ['sev-2', ['surface', 'hover', 'sev-2-tint', 'accent-tint']],
  ['sev-3', ['surface', 'hover', 'accent-tint', 'warn-tint']],
  ['sev-4', ['surface', 'hover']],
  ['open', ['open-tint', 'surface', 'hover', 'accent-tint']],
  ['mitigated', ['mitigated-tint', 'surface', 'hover', 'accent-tint']],
  ['resolved', ['resolved-tint', 'surface', 'hover', 'accent-tint']],
  ['bad', ['surface', 'hover', 'bad-tint']],
  ['warn', ['surface', 'hover', 'warn-tint']],
];

const color = (palette: Palette, name: string) => {
  const value = palette[name];
  if (!value) throw new Error(`index.css has no --${name}`);
  return value;
};

describe.each(Object.entries(themes))('%s', (_theme, palette) => {
  const pairs = TEXT.flatMap(([text, grounds]) => grounds.map((ground) => [text, ground] as const));

  test.each(pairs)('%s on %s is readable', (text, ground) => {
    expect(contrast(color(palette, text), color(palette, ground))).toBeGreaterThanOrEqual(4.5);
  });

  test('the edges of controls are visible', () => {
    expect(
      contrast(color(palette, 'control-line'), color(palette, 'surface')),
    ).toBeGreaterThanOrEqual(3);
  });

  test.each(Object.entries(VISION))('severities differ with %s vision', (_vision, matrix) => {
    const severities = ['sev-1', 'sev-2', 'sev-3', 'sev-4'];
    for (const [index, one] of severities.entries()) {
      for (const other of severities.slice(index + 1)) {
        const apart = distance(color(palette, one), color(palette, other), matrix);
        expect(apart, `${one} and ${other}`).toBeGreaterThan(0.04);
      }
    }
  });
});
