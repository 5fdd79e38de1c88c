import { type ComponentType, createElement, useEffect, useEffectEvent, useState } from 'react';
import { toast } from 'sonner';
import { whenIdle } from './idle';
import { awaitPart } from './typed-ahead';

interface Wanted {
  isWanted: boolean;
  /** It could not be had, or was given up before it came. */
  onFailed: () => void;
  /** Whether it will have the keyboard: keys that are pressed until it is there are then no commands. */
  takesKeys?: boolean;
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

  return function LazyPart({ isWanted, onFailed, takesKeys = true, ...props }: Props & Wanted) {
    const isThere = part !== null;
    const [, setIsThere] = useState(isThere);
    const giveUp = useEffectEvent(onFailed);
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
    useEffect(() => {
      if (!isWanted || !takesKeys || isThere) return undefined;
      return awaitPart(() => giveUp());
    }, [isWanted, takesKeys, isThere]);
    return isWanted && part !== null ? createElement(part, props as unknown as Props) : null;
  };
}
