import { ApiError } from '@/api/problem';

/** Why a view was not saved, for the field of its name: that is all there is to type. */
export function reasonOf(cause: unknown): string {
  if (!(cause instanceof ApiError)) throw cause;
  const fields = Object.values(cause.fields).flat();
  return fields.length > 0 ? fields.join(' ') : cause.message;
}
