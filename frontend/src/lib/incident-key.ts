/** "inc-42" typed by hand names one incident; anything else is a search. */
export function incidentKeyIn(text: string): string | null {
  const digits = /^\s*inc-?(\d{1,9})\s*$/i.exec(text)?.[1];
  return digits ? `INC-${Number(digits)}` : null;
}
