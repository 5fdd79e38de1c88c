import type { Role } from '@/lib/session';

export const ROLE_NAMES: Record<Role, string> = {
  viewer: 'Viewer',
  responder: 'Responder',
  admin: 'Admin',
};

/** From the least to the most. */
export const ROLES = ['viewer', 'responder', 'admin'] as const satisfies readonly Role[];

/** The roles that somebody with this one may give to a token. */
export function rolesUpTo(role: Role): readonly Role[] {
  return ROLES.slice(0, ROLES.indexOf(role) + 1);
}
