import { useListState } from '@/hooks/useListState';
import { DENSITIES, type Density } from '@/lib/search-params';
import { useStored, writeStored } from '@/lib/storage';

const KEY = 'density';

/** How high the rows are: as the URL of the list says, as that of a view may, else as the person has it for all lists. */
export function useDensity(): Density {
  const { state } = useListState();
  const own = useStored(KEY);
  return state.density ?? DENSITIES.find((density) => density === own) ?? 'standard';
}

/** Where the URL says it, the choice is for this list only. */
export function useSetDensity(): (density: Density) => void {
  const { state, setState } = useListState();
  return (density) => {
    if (state.density !== null) setState({ ...state, density }, { replace: true });
    else writeStored(KEY, density === 'standard' ? null : density);
  };
}
