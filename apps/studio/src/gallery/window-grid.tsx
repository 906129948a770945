import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { memo, type ReactNode, type Ref, useEffect, useImperativeHandle, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { columnsOf, type Row, rowOfIndex, rowsOf } from './rows.ts';

export const gap = 12;
const headingHeight = 52;

export interface GridHandle {
  readonly rows: readonly Row<unknown>[];
  /** Brings a thing into view and gives it the focus. */
  focus(index: number): void;
}

interface WindowGridProps<Item> {
  label: string;
  items: readonly Item[];
  tile: (item: Item, index: number) => ReactNode;
  /** Pixels that a tile has at least, where there are more than two side by side. */
  narrowest?: number;
  /** The end of what is loaded has nearly come into view. */
  onEnd?: () => void;
  ref?: Ref<GridHandle>;
}

/** Things in rows by day; only the rows near the window are in the page, so that ten thousand cost no more than a hundred. */
export function WindowGrid<Item extends { id: string; createdAt: string }>({ label, items, tile, narrowest = 168, onEnd, ref }: WindowGridProps<Item>) {
  const box = useRef<HTMLDivElement>(null);
  const { width, top } = usePlace(box);
  const columns = columnsOf(width, { narrowest, gap });
  const side = (width - gap * (columns - 1)) / columns;
  const today = new Date().toDateString();
  const rows = useMemo(() => rowsOf(items, columns, new Date(today)), [items, columns, today]);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: (index) => (rows[index]?.kind === 'day' ? headingHeight : side + gap),
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 3,
    scrollMargin: top,
    // What stands at the top and at the bottom of the window hides a little of it.
    scrollPaddingStart: 120,
    scrollPaddingEnd: 90,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows are as tall as they are wide.
  useLayoutEffect(() => virtual.measure(), [side]);
  const shown = virtual.getVirtualItems();
  const nearEnd = rows.length > 0 && (shown.at(-1)?.index ?? 0) >= rows.length - 24;
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again whenever more has come and its end is still near.
  useEffect(() => {
    if (nearEnd) onEnd?.();
  }, [nearEnd, items.length]);
  useImperativeHandle(ref, () => ({
    rows,
    focus: (index) => {
      virtual.scrollToIndex(rowOfIndex(rows, index));
      // The row may only come into the page with the next drawing.
      const reach = (tries: number) => {
        const found = box.current?.querySelector<HTMLElement>(`[data-tile="${index}"]`);
        if (found) found.focus({ preventScroll: true });
        else if (tries > 0) requestAnimationFrame(() => reach(tries - 1));
      };
      reach(10);
    },
  }));
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table would bring a table's layout.
    <div
      ref={box}
      role="grid"
      aria-label={label}
      aria-rowcount={rows.length}
      aria-multiselectable
      className="relative"
      style={{ height: virtual.getTotalSize() }}
    >
      {width > 0 &&
        shown.map((place) => {
          const row = rows[place.index];
          return row && <GridRow key={place.key} row={row} number={place.index + 1} start={place.start - top} columns={columns} tile={tile} />;
        })}
    </div>
  );
}

interface GridRowProps<Item> {
  row: Row<Item>;
  number: number;
  start: number;
  columns: number;
  tile: WindowGridProps<Item>['tile'];
}

/** Drawn again only when its own row changes, not with every pixel that the page is scrolled. */
const GridRow = memo(DrawnRow) as typeof DrawnRow;

function DrawnRow<Item extends { id: string }>({ row, number, start, columns, tile }: GridRowProps<Item>) {
  const style = { transform: `translateY(${start}px)` };
  if (row.kind === 'day') {
    return (
      // biome-ignore-start lint/a11y/useSemanticElements: see the grid
      // biome-ignore-start lint/a11y/useFocusableInteractive: see the grid
      <div role="row" aria-rowindex={number} className="absolute inset-x-0 top-0" style={{ ...style, height: headingHeight }}>
        <div role="rowheader">
          <h2 className="pt-5 text-sm font-semibold">{row.label}</h2>
        </div>
      </div>
    );
  }
  return (
    <div
      role="row"
      aria-rowindex={number}
      className="absolute inset-x-0 top-0 grid"
      style={{ ...style, gap, gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}
    >
      {row.items.map((item, index) => tile(item, row.first + index))}
    </div>
    // biome-ignore-end lint/a11y/useFocusableInteractive: see the grid
    // biome-ignore-end lint/a11y/useSemanticElements: see the grid
  );
}

/** How wide something is, and how far below the top of the page it begins. */
function usePlace(box: React.RefObject<HTMLElement | null>): { width: number; top: number } {
  const [place, setPlace] = useState({ width: 0, top: 0 });
  useLayoutEffect(() => {
    const measure = () => {
      const rectangle = box.current?.getBoundingClientRect();
      if (!rectangle) return;
      const next = { width: rectangle.width, top: Math.round(rectangle.top + window.scrollY) };
      setPlace((before) => (before.width === next.width && before.top === next.top ? before : next));
    };
    measure();
    const observer = new ResizeObserver(measure);
    if (box.current) observer.observe(box.current);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, [box]);
  return place;
}
