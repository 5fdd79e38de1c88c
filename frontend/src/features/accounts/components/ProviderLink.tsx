import { useEffect, useRef } from 'react';
import type { Provider } from '@/lib/session';

interface Props {
  provider: Provider;
  /** The page that one comes to, signed in. */
  to: string;
  isPrimary: boolean;
  /** Whether the focus comes here. */
  isFocused?: boolean;
  /** Whether the page has to stay, so that another tab leads there. */
  isOverPage?: boolean;
}

/** Leads to the OpenID Connect provider. It is no page of the app: the server leads on from there. */
export function ProviderLink({
  provider,
  to,
  isPrimary,
  isFocused = false,
  isOverPage = false,
}: Props) {
  const link = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    if (isFocused) link.current?.focus();
  }, [isFocused]);
  return (
    <a
      ref={link}
      className={isPrimary ? 'btn primary' : 'btn'}
      href={`/api/oidc/start?to=${encodeURIComponent(to)}`}
      {...(isOverPage && { target: '_blank', rel: 'opener' })}
    >
      Sign in with {provider.name}
    </a>
  );
}
