import { Monitor, Moon, Sun } from 'lucide-react';
import { useState } from 'react';
import { Popover } from '@/components/ui/Popover';
import { useCommand } from '@/lib/commands';
import { setTheme, THEMES, type Theme, useTheme } from '@/lib/theme';

const LOOK: Record<Theme, { label: string; Icon: typeof Sun }> = {
  system: { label: 'System', Icon: Monitor },
  light: { label: 'Light', Icon: Sun },
  dark: { label: 'Dark', Icon: Moon },
};

export function ThemeMenu() {
  const theme = useTheme();
  const [open, setOpen] = useState(false);
  const { label, Icon } = LOOK[theme];
  useCommand('theme.system', () => setTheme('system'), { enabled: theme !== 'system' });
  useCommand('theme.light', () => setTheme('light'), { enabled: theme !== 'light' });
  useCommand('theme.dark', () => setTheme('dark'), { enabled: theme !== 'dark' });
  return (
    <Popover
      label="Theme"
      align="end"
      open={open}
      onOpenChange={setOpen}
      trigger={
        <button
          type="button"
          className="btn ghost icon wide-only"
          aria-label={`Theme: ${label}`}
          data-tip={`Theme: ${label}`}
        >
          <Icon aria-hidden="true" />
        </button>
      }
    >
      <fieldset className="menu">
        <legend className="menu-title">Theme</legend>
        {THEMES.map((value) => {
          const option = LOOK[value];
          return (
            <label key={value} className="menu-row">
              <input
                type="radio"
                name="theme"
                checked={theme === value}
                onChange={() => setTheme(value)}
              />
              <option.Icon aria-hidden="true" />
              {option.label}
            </label>
          );
        })}
      </fieldset>
    </Popover>
  );
}
