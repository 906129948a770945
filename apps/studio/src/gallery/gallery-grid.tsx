import type { GalleryItem } from '@atelier/protocol';
import { type Dispatch, type KeyboardEvent, type SetStateAction, useCallback, useEffect, useRef, useState } from 'react';
import { complain } from '../ui/toast.tsx';
import { neighbour } from './rows.ts';
import { extended, nothing, type Selection, toggled, within } from './selection.ts';
import { SelectionBar } from './selection-bar.tsx';
import { Tile } from './tile.tsx';
import { gallery } from './use-gallery.ts';
import { type GridHandle, WindowGrid } from './window-grid.tsx';

interface GalleryGridProps {
  items: readonly GalleryItem[];
  /** They are those that were deleted. */
  deleted: boolean;
  onEnd: () => void;
  onOpen: (item: GalleryItem) => void;
  /** The thing that was looked at last; it gets the focus back. */
  returnTo: string | null;
}

type Arrow = Parameters<typeof neighbour>[2];
const isArrow = (key: string): key is Arrow => /^Arrow(Left|Right|Up|Down)$/.test(key);

/** One's own things: opened, chosen, starred and deleted by pointer or by keys. */
export function GalleryGrid({ items, deleted, onEnd, onOpen, returnTo }: GalleryGridProps) {
  const grid = useRef<GridHandle>(null);
  const [chosen, setChosen] = useState<Selection>(nothing);
  const [current, setCurrent] = useState(0);
  const selection = within(chosen, items);
  const { open, choose, star } = useTileDeeds({ items, onOpen, setChosen });
  const goTo = (index: number, extend: boolean) => {
    setCurrent(index);
    grid.current?.focus(index);
    if (extend) setChosen((before) => extended(before.anchor === null ? toggled(before, items[current]?.id ?? '', current) : before, items, index));
  };
  const all = items.filter((item) => selection.ids.has(item.id));
  const takeOut = useTakeOut(items, deleted, (index) => goTo(index, false));
  const remove = (gone: readonly GalleryItem[]) => {
    setChosen(nothing);
    takeOut(gone);
  };
  useReturn(items, returnTo, (index) => grid.current?.focus(index));
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const item = items[current];
    if (!item) return;
    const keys: Record<string, (() => void) | undefined> = {
      ' ': () => choose(current, event),
      Home: () => goTo(0, event.shiftKey),
      End: () => goTo(items.length - 1, event.shiftKey),
      Escape: selection.ids.size > 0 ? () => setChosen(nothing) : undefined,
      Delete: deleted ? undefined : () => remove(all.length > 0 ? all : [item]),
      s: event.ctrlKey || event.metaKey || deleted ? undefined : () => star(item),
      a: event.ctrlKey || event.metaKey ? () => setChosen({ ids: new Set(items.map(({ id }) => id)), anchor: 0 }) : undefined,
    };
    press(event, keys, (arrow) => goTo(neighbour(grid.current?.rows ?? [], current, arrow, items.length), event.shiftKey));
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the grid inside.
    <div onKeyDown={onKeyDown} className={selection.ids.size > 0 ? 'pb-20' : ''}>
      <WindowGrid
        ref={grid}
        label="Gallery"
        items={items}
        onEnd={onEnd}
        tile={(item, index) => (
          <Tile
            key={item.id}
            item={item}
            index={index}
            selected={selection.ids.has(item.id)}
            choosing={selection.ids.size > 0}
            current={index === Math.min(current, items.length - 1)}
            onOpen={open}
            onChoose={choose}
            onStar={star}
            onFocus={setCurrent}
          />
        )}
      />
      <SelectionBar items={all} deleted={deleted} onClear={() => setChosen(nothing)} onRemove={() => remove(all)} />
    </div>
  );
}

/** Does what a key stands for, unless something else has the key: a button, or a window that was opened from here. */
function press(event: KeyboardEvent<HTMLElement>, keys: Readonly<Record<string, (() => void) | undefined>>, onArrow: (arrow: Arrow) => void): void {
  const elsewhere = !event.currentTarget.contains(event.target as Node);
  if (elsewhere || event.altKey || event.target instanceof HTMLButtonElement) return;
  const { key } = event;
  const deed = isArrow(key) ? () => onArrow(key) : keys[key];
  if (!deed) return;
  event.preventDefault();
  deed();
}

interface TileDeeds extends Pick<GalleryGridProps, 'items' | 'onOpen'> {
  setChosen: Dispatch<SetStateAction<Selection>>;
}

/** What tiles call. It stays the same, so that a tile is drawn again only if something of its own changed. */
function useTileDeeds({ items, onOpen, setChosen }: TileDeeds) {
  const latest = useRef({ items, onOpen });
  latest.current = { items, onOpen };
  const open = useCallback((index: number) => {
    const item = latest.current.items[index];
    if (item) latest.current.onOpen(item);
  }, []);
  const choose = useCallback(
    (index: number, { shiftKey }: { shiftKey: boolean }) => {
      const { items: list } = latest.current;
      const id = list[index]?.id;
      if (id !== undefined) setChosen((before) => (shiftKey ? extended(before, list, index) : toggled(before, id, index)));
    },
    [setChosen],
  );
  const star = useCallback((item: GalleryItem) => void gallery.star([item], !item.starred).catch(complain), []);
  return { open, choose, star };
}

/** Gives the focus back to what was looked at last, once, whatever is loaded afterwards. */
function useReturn(items: readonly GalleryItem[], returnTo: string | null, onFocus: (index: number) => void): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another item is a reason to look.
  useEffect(() => {
    const index = returnTo === null ? -1 : items.findIndex((item) => item.id === returnTo);
    if (index >= 0) onFocus(index);
  }, [returnTo]);
}

/** Deletes or restores items. The next item takes the place, and with it the focus, of the first that goes. */
function useTakeOut(items: readonly GalleryItem[], deleted: boolean, onFocus: (index: number) => void): (gone: readonly GalleryItem[]) => void {
  const afterwards = useRef<number | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only other items are a reason to look.
  useEffect(() => {
    const index = afterwards.current;
    if (index === null || items.length === 0) return;
    afterwards.current = null;
    onFocus(Math.min(index, items.length - 1));
  }, [items]);
  return (gone) => {
    const ids = new Set(gone.map(({ id }) => id));
    afterwards.current = items.findIndex(({ id }) => ids.has(id));
    gallery[deleted ? 'restore' : 'remove'](gone).catch((problem: unknown) => {
      afterwards.current = null;
      complain(problem);
    });
  };
}
