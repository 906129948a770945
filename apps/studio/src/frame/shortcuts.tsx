import { useEffect } from 'react';
import type { NavigateFunction } from 'react-router';
import { Key } from '../ui/blocks.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { usePageShortcutList } from './page-shortcuts.ts';
import { places } from './places.ts';
import { typing } from './typing.ts';
import { openWindow, useWindow } from './windows.ts';

/** What is listed on every page; pages that listen to more say so themselves. */
const pageShortcuts = [
  { keys: ['Ctrl', 'Enter'], does: 'Run the chain' },
  { keys: ['Ctrl', 'Z'], does: 'Undo a change of the chain' },
  { keys: ['Ctrl', 'Shift', 'Z'], does: 'Redo it' },
  { keys: ['Tab'], does: 'In a plan: move between offers' },
  { keys: ['/'], does: 'In the gallery: search' },
  { keys: ['Space'], does: 'In the gallery: select the focused item; with arrows and Shift, a range' },
  { keys: ['S'], does: 'In the gallery: star' },
  { keys: ['Del'], does: 'In the gallery: delete the selection' },
  { keys: ['Esc'], does: 'Close what is open' },
];

const opensPalette = (event: KeyboardEvent) => (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k';
const withModifier = (event: KeyboardEvent) => event.ctrlKey || event.metaKey || event.altKey;

/** Keys that work on every page. G and a letter within a second goes to a page. */
export function useShortcuts(navigate: NavigateFunction): void {
  useEffect(() => {
    let went = 0;
    const onKey = (event: KeyboardEvent) => {
      if (opensPalette(event)) {
        event.preventDefault();
        openWindow('palette');
        return;
      }
      if (typing(event.target) || withModifier(event)) return;
      if (event.key === '?') openWindow('shortcuts');
      const place = places().find((one) => one.key === event.key);
      if (place && event.timeStamp - went < 1000) navigate(place.path);
      went = event.key === 'g' ? event.timeStamp : 0;
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [navigate]);
}

export function ShortcutsDialog() {
  const open = useWindow((state) => state.open === 'shortcuts');
  const ofPage = usePageShortcutList((state) => state.rows);
  const rows = [
    { keys: ['Ctrl', 'K'], does: 'Find anything' },
    { keys: ['?'], does: 'Show this list' },
    ...ofPage,
    ...places().map((place) => ({ keys: ['G', place.key.toUpperCase()], does: `Go to ${place.name}` })),
    ...pageShortcuts,
  ];
  return (
    <Dialog open={open} onOpenChange={(next) => openWindow(next ? 'shortcuts' : null)} title="Shortcuts">
      <dl className="divide-y divide-line">
        {rows.map(({ keys, does }) => (
          <div key={does} className="flex items-center justify-between gap-4 py-2.5">
            <dt className="text-sm">{does}</dt>
            <dd className="flex shrink-0 gap-1">
              {keys.map((key) => (
                <Key key={key}>{key}</Key>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
