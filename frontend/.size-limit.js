import { readFileSync } from 'node:fs';

/*
 * Budgets by what a visitor downloads rather than by file name: the manifest says which chunks the entry pulls in
 * before the first page shows, and which every lazy page adds.
 */
const manifest = JSON.parse(readFileSync(new URL('dist/.vite/manifest.json', import.meta.url)));

function chunksOf(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const other of manifest[key].imports ?? []) chunksOf(other, seen);
  return seen;
}

const initial = chunksOf('index.html');
const scripts = (keys) => [...keys].map((key) => `dist/${manifest[key].file}`);
const lazy = Object.keys(manifest).filter((key) => manifest[key].isDynamicEntry);

export default [
  { name: 'initial JS', path: scripts(initial), limit: '165 kB', gzip: true },
  {
    name: 'CSS',
    path: [...initial].flatMap((key) => (manifest[key].css ?? []).map((file) => `dist/${file}`)),
    limit: '12 kB',
    gzip: true,
  },
  ...lazy.map((key) => ({
    name: `lazy: ${key.split('/').at(-1)}`,
    path: scripts([...chunksOf(key)].filter((one) => !initial.has(one))),
    limit: '50 kB',
    gzip: true,
  })),
];
