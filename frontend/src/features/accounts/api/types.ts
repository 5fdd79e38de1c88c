import { api } from '@/api/client';
import { problemFrom } from '@/api/problem';
import type { components } from '@/api/schema';
import type { Account, Role } from '@/lib/session';

type Schemas = components['schemas'];

export type { Account };

/** A browser in which one is signed in. */
export type SignedIn = Schemas['BrowserSession'];
export type Token = Schemas['TokenRead'];
export type Invitation = Schemas['InvitationRead'];
/** What an invitation is for, told to whoever has its link. */
export type InvitationTerms = Schemas['InvitationSeen'];

interface List<T> {
  items: T[];
}

type PasswordChange = { current: string; new: string };

interface Calls {
  'POST /api/session': {
    body: { email: string; password: string };
    answer: Schemas['SessionRead'];
  };
  'DELETE /api/session': { answer: undefined };
  'PATCH /api/me': {
    body: { name?: string; password?: PasswordChange };
    answer: Schemas['AccountRead'];
  };
  'GET /api/sessions': { answer: List<SignedIn> };
  'DELETE /api/sessions': { answer: undefined };
  'DELETE /api/sessions/{id}': { id: string; answer: undefined };
  'GET /api/tokens': { answer: List<Token> };
  'POST /api/tokens': {
    body: { name: string; role: Role; expiresAt: string | null };
    answer: Token & { token: string };
  };
  'DELETE /api/tokens/{id}': { id: string; answer: undefined };
  'GET /api/accounts': { answer: List<Schemas['AccountRead']> };
  'PATCH /api/accounts/{id}': {
    id: string;
    body: { role?: Role; disabled?: boolean };
    answer: Schemas['AccountRead'];
  };
  'GET /api/invitations': { answer: List<Invitation> };
  'POST /api/invitations': {
    body: { email: string; role: Role };
    answer: Invitation & { link: string };
  };
  'DELETE /api/invitations/{id}': { id: string; answer: undefined };
  'POST /api/invitations/read': { body: { token: string }; answer: InvitationTerms };
  'POST /api/invitations/accept': {
    body: { token: string; name?: string; password: string };
    answer: Schemas['SessionRead'];
  };
}

type Call = keyof Calls;
type Input<C extends Call> = Omit<Calls[C], 'answer'> & { signal?: AbortSignal };

/** Asks for that, and throws the problem where it is refused. */
export async function call<C extends Call>(
  what: C,
  { id, body, signal }: { id?: string; body?: unknown; signal?: AbortSignal } & Input<C>,
): Promise<Calls[C]['answer']> {
  const [method = '', path = ''] = what.split(' ');
  const send = api.request as unknown as (
    method: string,
    path: string,
    init: object,
  ) => Promise<{ data: Calls[C]['answer']; error?: unknown; response: Response }>;
  const { data, error, response } = await send(method.toLowerCase(), path, {
    params: { path: { id } },
    // The server takes no write of another content type, and only what has a body has one.
    ...(method !== 'GET' && { body: body ?? {} }),
    ...(signal && { signal }),
  });
  if (!response.ok) throw problemFrom(response, error);
  return data;
}
