import { useStored, writeStored } from '@/lib/storage';

/** Row heights of 30, 36 and 44 px; index.css knows the numbers. */
export const DENSITIES = ['compact', 'standard', 'comfortable'] as const;
export type Density = (typeof DENSITIES)[number];

const KEY = 'density';

export function useDensity(): Density {
  const stored = useStored(KEY);
  return DENSITIES.find((density) => density === stored) ?? 'standard';
}

export function setDensity(density: Density): void {
  writeStored(KEY, density === 'standard' ? null : density);
}
