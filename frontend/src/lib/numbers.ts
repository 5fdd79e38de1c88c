const grouped = new Intl.NumberFormat('en');

/** "10,000", or "10,000+" where the server stopped counting. */
export function formatCount(count: number, exact = true): string {
  return `${grouped.format(count)}${exact ? '' : '+'}`;
}

const compact = new Intl.NumberFormat('en', { notation: 'compact' });

/** "214", "9.9k", or "10k+" where the server stopped counting: where there is no room for more. */
export function formatShort(count: number, exact = true): string {
  return `${compact.format(count).replace('K', 'k')}${exact ? '' : '+'}`;
}

/** "~4,500": the server estimated it from a sample. */
export function formatEstimate(count: number): string {
  return `~${grouped.format(count)}`;
}
