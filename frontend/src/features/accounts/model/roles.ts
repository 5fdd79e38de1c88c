import type { Role } from '@/lib/session';

export const ROLE_NAMES: Record<Role, string> = {
  viewer: 'Viewer',
  responder: 'Responder',
  admin: 'Admin',
};
