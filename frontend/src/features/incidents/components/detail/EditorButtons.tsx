interface Props {
  saving: boolean;
  onSave: () => Promise<void>;
  onCancel: () => void;
}

/** The two ways out of an editor. While it saves, Save keeps the focus and does nothing. */
export function EditorButtons({ saving, onSave, onCancel }: Props) {
  return (
    <>
      <button
        type="button"
        className="btn primary"
        aria-disabled={saving}
        onClick={() => void onSave()}
      >
        Save
      </button>
      <button type="button" className="btn" onClick={onCancel}>
        Cancel
      </button>
    </>
  );
}
