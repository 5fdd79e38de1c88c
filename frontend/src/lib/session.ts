import { useSyncExternalStore } from 'react';
import { createListeners } from './listeners';
import { onStored, readStored, writeStored } from './storage';

export type Role = 'viewer' | 'responder' | 'admin';

export interface Account {
  id: string;
  email: string;
  name: string;
  role: Role;
  disabled: boolean;
  createdAt: string;
  lastSeenAt: string | null;
  hasPassword: boolean;
  /** Whether the account is known to be somebody at the OpenID Connect provider. */
  linked: boolean;
}

/** The OpenID Connect provider, as people know it. */
export interface Provider {
  name: string;
  /** Whether it says who has which role here. */
  decidesRoles: boolean;
}

/** How one signs in here, and who has. */
export interface Session {
  mode: 'open' | 'required';
  account: Account | null;
  csrfToken: string | null;
  methods: { password: boolean; oidc: Provider | null };
}

export interface SessionState {
  /** As the server last told it, or as it was at the last visit; in open mode until there is either. */
  readonly session: Session;
  /** Whether the server has told it to this page. */
  readonly isTold: boolean;
  /** Its account was signed in and is no more: the page stays as it is until somebody has signed in again. */
  readonly isLost: boolean;
}

/** What a role may do: a viewer looks, a responder writes, an admin looks after people as well. */
export type Right = 'write' | 'admin';

const RIGHTS: Record<Role, readonly Right[]> = {
  viewer: [],
  responder: ['write'],
  admin: ['write', 'admin'],
};

/** Who was signed in, where one has to. Kept in the browser, so that the next page need not wait to know it. */
const KEY = 'account';

const OPEN: SessionState = {
  session: {
    mode: 'open',
    account: null,
    csrfToken: null,
    methods: { password: false, oidc: null },
  },
  isTold: false,
  isLost: false,
};

const changes = createListeners();
const returns = createListeners();
let state = kept();

function kept(): SessionState {
  const stored = readStored(KEY);
  if (stored === null) return OPEN;
  try {
    const account = JSON.parse(stored) as Account | null;
    return { ...OPEN, session: { ...OPEN.session, mode: 'required', account } };
  } catch {
    return OPEN;
  }
}

function keep({ session: { mode, account }, isLost }: SessionState): void {
  const stored = mode === 'open' ? null : JSON.stringify(isLost ? null : account);
  // Other tabs hear of every writing, and would answer each with one of their own.
  if (stored !== readStored(KEY)) writeStored(KEY, stored);
}

function put(next: SessionState): void {
  state = next;
  changes.tell();
  keep(next);
}

export function sessionNow(): SessionState {
  return state;
}

export function useSession(): SessionState {
  return useSyncExternalStore(changes.subscribe, sessionNow);
}

/** Tells of every change of the session; returns how to stop. */
export const onSession = changes.subscribe;

/** Tells when what was refused for want of a session can be asked for again; returns how to stop. */
export const onSignedIn = returns.subscribe;

/**
 * Takes in what the server says of the session. Where the account of this page is signed in no more, the page stays.
 *
 * @returns whether it is another person's now than this page was drawn for, so that the page has to be loaded anew.
 */
export function hearSession(session: Session): boolean {
  const { session: before, isTold, isLost } = state;
  const wasOf = before.account;
  if (isTold && wasOf !== null && wasOf.id !== session.account?.id) {
    if (session.account !== null || session.mode === 'open') return true;
    // The token is of no use any more, and how one signs in may have changed.
    put({ session: { ...session, account: wasOf }, isTold: true, isLost: true });
    return false;
  }
  put({ session, isTold: true, isLost: false });
  const isAsAssumed = before.mode === session.mode && wasOf?.id === session.account?.id;
  if (isLost || !isAsAssumed) returns.tell();
  return false;
}

/** The person has signed out: nothing of theirs is shown any more. */
export function endSession(): void {
  const { session } = state;
  put({ session: { ...session, account: null, csrfToken: null }, isTold: true, isLost: false });
}

/** Whether somebody has to sign in before anything is shown; null while that is not known. */
export function needsSignIn({ session, isTold }: SessionState): boolean | null {
  if (session.mode === 'open' || session.account !== null) return false;
  return isTold ? true : null;
}

/**
 * What this browser keeps for one person only is kept under this name: unsent text is neither shown to whoever signs in
 * next nor lost for whoever is given another name. Without accounts it is everybody's.
 */
export function ofPerson(name: string): string {
  const id = state.session.account?.id;
  return id === undefined ? name : `${name}${id}:`;
}

/** The name of the account; null where there are none. */
export function accountName(): string | null {
  const { mode, account } = state.session;
  return mode === 'required' ? (account?.name ?? '') : null;
}

function can({ session: { mode, account } }: SessionState, right: Right | undefined): boolean {
  if (right === undefined || mode === 'open') return right !== 'admin';
  return account !== null && RIGHTS[account.role].includes(right);
}

/** Whether the person may do that. Without accounts everybody may write, and there are no people to look after. */
export function useCan(right: Right | undefined): boolean {
  return useSyncExternalStore(changes.subscribe, () => can(state, right));
}

/** Tells when another tab knows of another account than this one; returns how to stop. */
export function onOtherTab(listener: () => void): () => void {
  return onStored(() => {
    const other = kept().session;
    const { session, isLost } = state;
    const own = isLost ? undefined : session.account?.id;
    if (other.mode !== session.mode || other.account?.id !== own) listener();
  });
}

/** As on a page that has just been opened. */
export function forgetSession(): void {
  state = kept();
  changes.tell();
}
