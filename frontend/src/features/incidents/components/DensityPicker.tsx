import { Rows2, Rows3, Rows4 } from 'lucide-react';
import { useDensity, useSetDensity } from '@/features/incidents/model/density';
import { useCommand } from '@/lib/commands';
import { DENSITIES, type Density } from '@/lib/search-params';

const DENSITY_ICONS: Record<Density, typeof Rows2> = {
  compact: Rows4,
  standard: Rows3,
  comfortable: Rows2,
};

export function DensityPicker() {
  const density = useDensity();
  const setDensity = useSetDensity();
  useCommand('density.compact', () => setDensity('compact'), { enabled: density !== 'compact' });
  useCommand('density.standard', () => setDensity('standard'), { enabled: density !== 'standard' });
  useCommand('density.comfortable', () => setDensity('comfortable'), {
    enabled: density !== 'comfortable',
  });
  return (
    <div className="segments density" role="group" aria-label="Row height">
      {DENSITIES.map((value) => {
        const Icon = DENSITY_ICONS[value];
        return (
          <button
            key={value}
            type="button"
            aria-pressed={density === value}
            aria-label={`${value} rows`}
            data-tip={`${value[0]?.toUpperCase()}${value.slice(1)} rows`}
            onClick={() => setDensity(value)}
          >
            <Icon aria-hidden="true" />
          </button>
        );
      })}
    </div>
  );
}
