import { type ComponentType, createElement, useEffect, useEffectEvent, useState } from 'react';
import { toast } from 'sonner';
import { whenIdle } from './idle';

interface Wanted {
  isWanted: boolean;
  onFailed: () => void;
}

/**
 * A part of the page that the first paint does without. It is fetched while the browser is idle, so that it opens
 * without a wait; where that fails, it is told once the part is wanted, and the page stays.
 *
 * @returns a component that is nothing until it is wanted and there.
 */
export function lazyPart<Props extends object>(load: () => Promise<ComponentType<Props>>) {
  let part: ComponentType<Props> | null = null;

  async function fetchPart(): Promise<void> {
    part ??= await load();
  }

  return function LazyPart({ isWanted, onFailed, ...props }: Props & Wanted) {
    const [, setIsThere] = useState(part !== null);
    const fail = useEffectEvent(() => {
      onFailed();
      toast.error('This part of the page could not be loaded. Reloading fetches it again.');
    });
    useEffect(() => whenIdle(() => void fetchPart().catch(() => null)), []);
    useEffect(() => {
      if (!isWanted || part !== null) return;
      fetchPart()
        .then(() => setIsThere(true))
        .catch(() => fail());
    }, [isWanted]);
    return isWanted && part !== null ? createElement(part, props as unknown as Props) : null;
  };
}
