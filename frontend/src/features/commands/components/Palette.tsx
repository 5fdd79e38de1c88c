import { Search, X } from 'lucide-react';
import { type KeyboardEvent, type MouseEvent, useEffect, useId, useState } from 'react';
import { SeverityBadge, StatusBadge } from '@/components/Badges';
import { Kbd, Keys } from '@/components/ui/Kbd';
import { SEARCH_MAX } from '@/features/commands/api/useFoundIncidents';
import { type Offer, useOffers } from '@/features/commands/model/offers';
import { type Place, returnTo } from '@/features/commands/model/place';
import { chordOf } from '@/lib/keys';
import { useModal } from './useModal';

interface Props {
  /** Where the focus was: commands act there. */
  place: Place;
  onClose: () => void;
}

/** Everything that can be done from here, found by typing: a combobox with its list, in a dialog (APG). */
export function Palette({ place, onClose }: Props) {
  const id = useId();
  const dialog = useModal(place);
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState<string | null>(null);
  const groups = useOffers(place, text.trim());
  const offers = groups.flatMap((group) => group.offers);
  // Until somebody moves, the first one is meant, whatever that is by now.
  const active = Math.max(
    0,
    offers.findIndex((offer) => offer.id === chosen),
  );
  const optionId = (offer: Offer) => `${id}-${offer.id}`;
  const activeId = offers[active] && optionId(offers[active]);

  useEffect(() => {
    if (activeId) document.getElementById(activeId)?.scrollIntoView({ block: 'nearest' });
  }, [activeId]);

  function choose(offer: Offer | undefined, inNewTab: boolean) {
    if (!offer) return;
    dialog.current?.close();
    const at = returnTo(place);
    if (inNewTab && offer.href) window.open(offer.href, '_blank', 'noopener');
    else offer.run(at);
  }

  function onKeyDown(event: KeyboardEvent) {
    const chord = chordOf(event.nativeEvent);
    const step = { ArrowDown: 1, ArrowUp: -1 }[chord ?? ''];
    if (step !== undefined) {
      const next = (active + step + offers.length) % offers.length;
      setChosen(offers[next]?.id ?? null);
    } else if (chord === 'Enter' || chord === 'Mod+Enter') {
      if (event.target instanceof HTMLButtonElement) return;
      if (!event.repeat) choose(offers[active], chord === 'Mod+Enter');
    } else if (chord === 'Mod+k') {
      if (!event.repeat) dialog.current?.close();
    } else return;
    event.preventDefault();
  }

  return (
    <dialog
      ref={dialog}
      className="palette"
      aria-label="Command palette"
      onClose={onClose}
      onKeyDown={onKeyDown}
      onClick={(event) => {
        // Only the backdrop is the dialog itself.
        if (event.target === dialog.current) dialog.current.close();
      }}
    >
      <div className="palette-field">
        <Search aria-hidden="true" />
        <input
          role="combobox"
          aria-label="Command, incident or text"
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={activeId}
          aria-autocomplete="list"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          maxLength={SEARCH_MAX}
          placeholder="Type a command, INC-42 or any text"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setChosen(null);
          }}
        />
        <button
          type="button"
          className="btn ghost"
          aria-label="Close"
          onClick={() => dialog.current?.close()}
        >
          <kbd>Esc</kbd>
          <X aria-hidden="true" />
        </button>
      </div>
      <div id={`${id}-list`} className="palette-list" role="listbox" aria-label="What you can do">
        {groups.map((group) => (
          <div key={group.title} role="group" aria-label={group.title}>
            <p className="menu-title" aria-hidden="true">
              {group.title}
            </p>
            {group.offers.map((offer) => (
              <Option
                key={offer.id}
                id={optionId(offer)}
                offer={offer}
                active={offer === offers[active]}
                onPoint={() => setChosen(offer.id)}
                onChoose={(inNewTab) => choose(offer, inNewTab)}
              />
            ))}
          </div>
        ))}
      </div>
      <p className="palette-foot" aria-hidden="true">
        <Keys keys="ArrowUp" />
        <Keys keys="ArrowDown" /> choose
        <Keys keys="Enter" /> run
        <Keys keys="Mod+Enter" /> open in a new tab
      </p>
      <p className="sr-only" role="status">
        {offers.length === 1 ? '1 result' : `${offers.length} results`}
      </p>
    </dialog>
  );
}

interface OptionProps {
  id: string;
  offer: Offer;
  active: boolean;
  onPoint: () => void;
  onChoose: (inNewTab: boolean) => void;
}

function Option({ id, offer, active, onPoint, onChoose }: OptionProps) {
  const { title, note, incident, command } = offer;
  return (
    <div
      id={id}
      role="option"
      aria-selected={active}
      className="menu-row"
      // The pointer must not take the focus away from the field; nor is a list that scrolls under it a choice.
      onMouseDown={(event) => event.preventDefault()}
      onPointerMove={() => active || onPoint()}
      onClick={(event: MouseEvent) => onChoose(event.ctrlKey || event.metaKey)}
      onAuxClick={(event) => event.button === 1 && onChoose(true)}
    >
      {incident && <SeverityBadge severity={incident.severity} />}
      <span className="grow truncate" dir="auto">
        {title}
      </span>
      {note && <span className="count">{note}</span>}
      {incident && <StatusBadge status={incident.status} />}
      {command && <Kbd command={command} />}
    </div>
  );
}
