const grouped = new Intl.NumberFormat('en');

/** "10,000", or "10,000+" where the server stopped counting. */
export function formatCount(count: number, exact = true): string {
  return `${grouped.format(count)}${exact ? '' : '+'}`;
}

/** "~4,500": the server estimated it from a sample. */
export function formatEstimate(count: number): string {
  return `~${grouped.format(count)}`;
}
