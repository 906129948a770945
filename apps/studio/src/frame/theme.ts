import { create } from 'zustand';

export type Theme = 'dark' | 'light' | 'system';
const key = 'atelier-theme';

function stored(): Theme {
  const theme = document.documentElement.dataset.theme;
  return theme === 'light' || theme === 'system' ? theme : 'dark';
}

/** The theme that was chosen; public/theme.js sets it before the first paint. */
export const useTheme = create<{ theme: Theme; choose: (theme: Theme) => void }>((set) => ({
  theme: stored(),
  choose: (theme) => {
    document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem(key, theme);
    } catch {
      // Storage may be switched off; the choice then lasts as long as the page.
    }
    set({ theme });
  },
}));
