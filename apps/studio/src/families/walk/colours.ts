import { useEffect, useState } from 'react';
import { useTheme } from '../../frame/theme.ts';

const names = ['video-hue', 'video-soft', 'accent', 'bad', 'line', 'line-strong', 'pressed', 'ink', 'muted', 'ground', 'well', 'surface'] as const;
export type Colours = Readonly<Record<(typeof names)[number], string>>;

function read(element: Element): Colours {
  const probe = element.appendChild(document.createElement('i'));
  // Else each colour would be on its way from the one before it.
  probe.style.transitionProperty = 'none';
  const value = (name: string) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = Object.fromEntries(names.map((name) => [name, value(name)])) as unknown as Colours;
  probe.remove();
  return colours;
}

/** The tokens of a place as a canvas takes them, read again when the theme changes. @param place must stand in the page and may hold children */
export function useColours(place: React.RefObject<HTMLElement | null>): Colours | null {
  const { theme } = useTheme();
  const [colours, setColours] = useState<Colours | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme decides what the tokens are.
  useEffect(() => {
    const take = () => place.current && setColours(read(place.current));
    take();
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', take);
    return () => dark.removeEventListener('change', take);
  }, [place, theme]);
  return colours;
}
