/** Whoever wants to hear of changes of something that is kept outside of components. */
export function createListeners() {
  const all = new Set<() => void>();
  return {
    tell(): void {
      for (const listener of all) listener();
    },
    /** Returns how to stop. */
    subscribe(listener: () => void): () => void {
      all.add(listener);
      return () => {
        all.delete(listener);
      };
    },
  };
}
