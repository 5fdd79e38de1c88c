/** Whether what had the focus is gone: the keyboard would begin at the top of the page again. */
export function isFocusLost(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}
