/** Why somebody whom the OpenID Connect provider sent back is not signed in, and what they can do. */
export function signInProblem(code: string, provider: string): string {
  switch (code) {
    case 'unreachable':
      return `${provider} does not answer. Try again in a while.`;
    case 'cancelled':
      return `Signing in with ${provider} was cancelled, by you or there. You can try again.`;
    case 'expired':
      return 'That took too long, was done twice, or began in another browser. Start again.';
    case 'invalid':
      return `What ${provider} answered could not be verified. Tell an admin of this tracker.`;
    case 'unconfirmed':
      return `${provider} does not say that your e-mail address is confirmed. Confirm it there, then sign in again.`;
    case 'unknown':
      return 'Nobody has invited your e-mail address. Ask an admin of this tracker for an invitation.';
    case 'no-role':
      return `${provider} gives you no role here. Ask whoever manages your groups there.`;
    case 'disabled':
      return 'Your account is disabled. An admin of this tracker can enable it.';
    case 'taken':
      return `Your e-mail address belongs to an account that signs in as somebody else at ${provider}. An admin of this tracker can invite the address anew.`;
    default:
      return `Signing in with ${provider} did not succeed. Try again.`;
  }
}
