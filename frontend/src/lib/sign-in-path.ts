/** Where the server sends whom the OpenID Connect provider did not let in. */
export const SIGN_IN_PATH = '/sign-in';

/** The page that the address of the sign-in page names; the list where that is none of this app. */
export function pageAfterSignIn(search: string): string {
  const to = new URLSearchParams(search).get('to') ?? '/';
  // What a link names may lead to another site, in more ways than two slashes.
  const { origin } = window.location;
  if (!to.startsWith('/') || !URL.canParse(to, origin)) return '/';
  const url = new URL(to, origin);
  const isPage = url.origin === origin && url.pathname !== SIGN_IN_PATH;
  return isPage ? url.pathname + url.search + url.hash : '/';
}
