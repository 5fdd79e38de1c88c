import { useEffect, useState } from 'react';

/** Counts down the seconds that the server asks to wait. */
export function useCountdown() {
  const [until, setUntil] = useState(0);
  const [now, setNow] = useState(0);
  const seconds = Math.max(0, Math.ceil((until - now) / 1000));

  useEffect(() => {
    if (until === 0) return undefined;
    const tick = setInterval(() => {
      const at = Date.now();
      setNow(at);
      if (at >= until) setUntil(0);
    }, 250);
    return () => clearInterval(tick);
  }, [until]);

  function begin(ms: number) {
    const at = Date.now();
    setNow(at);
    setUntil(at + ms);
  }

  return { seconds, begin };
}
