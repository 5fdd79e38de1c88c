/** The server refuses what goes beyond these. */
export const PASSWORD_MIN = 12;
export const PASSWORD_MAX = 256;
export const EMAIL_MAX = 254;
export const TOKEN_NAME_MAX = 60;

/** Why it cannot be a password; null where it can. */
export function checkPassword(password: string): string | null {
  const length = Array.from(password).length;
  if (length < PASSWORD_MIN) return `A password has at least ${PASSWORD_MIN} characters.`;
  return length > PASSWORD_MAX ? `A password has at most ${PASSWORD_MAX} characters.` : null;
}
