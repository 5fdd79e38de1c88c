import { useEffect, useRef } from 'react';

const GAP = 6;
const LEAVE_MS = 120;
/** Rows are passed quickly, and a tip would cover the next one: it waits until the focus rests. */
const REST_MS = 900;

/**
 * One tooltip for the whole page: it shows the `data-tip` of whatever is hovered or focused, so a row can have
 * several without a component for each. An element with `data-tip-at` shows the tip of the element found by that
 * selector inside its row. Escape hides it, and the pointer may move onto it.
 */
export function SharedTooltip() {
  const ref = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const tip = ref.current;
    if (!tip) return undefined;
    let described: Element | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;

    function hide() {
      clearTimeout(timer);
      if (tip) tip.hidden = true;
      described?.removeAttribute('aria-describedby');
      described = null;
    }

    function show(source: HTMLElement, owner: Element) {
      hide();
      const text = source.dataset.tip;
      // What a button has opened says it better, and would be covered.
      if (!text || !tip || owner.getAttribute('aria-expanded') === 'true') return;
      tip.textContent = text;
      tip.hidden = false;
      described = owner;
      owner.setAttribute('aria-describedby', tip.id);
      const at = source.getBoundingClientRect();
      const own = tip.getBoundingClientRect();
      const below = at.bottom + GAP + own.height <= window.innerHeight;
      const left = Math.min(Math.max(GAP, at.left), window.innerWidth - own.width - GAP);
      tip.style.left = `${Math.max(GAP, left)}px`;
      tip.style.top = `${below ? at.bottom + GAP : at.top - own.height - GAP}px`;
    }

    function sourceOf(owner: HTMLElement): HTMLElement | null {
      const selector = owner.dataset.tipAt;
      // The peek says the same, and would be covered by it.
      if (selector && document.querySelector('.peek')) return null;
      return selector ? (owner.closest('tr')?.querySelector<HTMLElement>(selector) ?? null) : owner;
    }

    function onOver(event: PointerEvent) {
      const target = event.target instanceof Element ? event.target : null;
      if (target && tip?.contains(target)) {
        clearTimeout(timer);
        return;
      }
      const source = target?.closest<HTMLElement>('[data-tip]');
      if (source) show(source, source);
      else if (described) {
        clearTimeout(timer);
        timer = setTimeout(hide, LEAVE_MS);
      }
    }

    function onFocus(event: FocusEvent) {
      const target = event.target;
      if (!(target instanceof HTMLElement) || !target.matches(':focus-visible')) return;
      const owner = target.matches('[data-tip], [data-tip-at]') ? target : null;
      const source = owner && sourceOf(owner);
      hide();
      if (owner === null || source === null) return;
      if (source === owner) show(source, owner);
      else timer = setTimeout(() => owner.isConnected && show(source, owner), REST_MS);
    }

    function onKey(event: KeyboardEvent) {
      if (event.key === 'Escape' || event.key === ' ') hide();
    }

    document.addEventListener('pointerover', onOver);
    document.addEventListener('focusin', onFocus);
    document.addEventListener('focusout', hide);
    document.addEventListener('keydown', onKey);
    document.addEventListener('scroll', hide, { capture: true, passive: true });
    return () => {
      hide();
      document.removeEventListener('pointerover', onOver);
      document.removeEventListener('focusin', onFocus);
      document.removeEventListener('focusout', hide);
      document.removeEventListener('keydown', onKey);
      document.removeEventListener('scroll', hide, { capture: true });
    };
  }, []);

  return <div ref={ref} id="tooltip" role="tooltip" className="tooltip" hidden />;
}
