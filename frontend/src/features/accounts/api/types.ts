import { api } from '@/api/client';
import { problemFrom } from '@/api/problem';
import type { Account, Role, Session } from '@/lib/session';

/*
 * What the server has of accounts, sessions and tokens. It stands in for the generated types, which take its place once
 * the document of the API has these paths.
 */
export type { Account };

/** A browser in which one is signed in. */
export interface SignedIn {
  id: string;
  createdAt: string;
  lastUsedAt: string;
  expiresAt: string;
  address: string;
  userAgent: string;
  current: boolean;
}

export interface Token {
  id: string;
  name: string;
  role: Role;
  createdAt: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
  account: { id: string; name: string };
}

export interface Invitation {
  id: string;
  email: string;
  role: Role;
  createdAt: string;
  expiresAt: string;
  createdBy: string;
}

/** What an invitation is for, told to whoever has its link. */
export interface InvitationTerms {
  email: string;
  role: Role;
  expiresAt: string;
  /** The account is there; it is given a new password. */
  isReset: boolean;
}

interface List<T> {
  items: T[];
}

type PasswordChange = { current: string; new: string };

interface Calls {
  'POST /api/session': { body: { email: string; password: string }; answer: Session };
  'DELETE /api/session': { answer: undefined };
  'PATCH /api/me': { body: { name?: string; password?: PasswordChange }; answer: Account };
  'GET /api/sessions': { answer: List<SignedIn> };
  'DELETE /api/sessions': { answer: undefined };
  'DELETE /api/sessions/{id}': { id: string; answer: undefined };
  'GET /api/tokens': { answer: List<Token> };
  'POST /api/tokens': {
    body: { name: string; role: Role; expiresAt: string | null };
    answer: Token & { token: string };
  };
  'DELETE /api/tokens/{id}': { id: string; answer: undefined };
  'GET /api/accounts': { answer: List<Account> };
  'PATCH /api/accounts/{id}': {
    id: string;
    body: { role?: Role; disabled?: boolean };
    answer: Account;
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
    answer: Session;
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
