import type { TileItem } from '../gallery/tile.tsx';

/** Among what a thing is shown, and how to get on from it. */
export interface ViewerPlace {
  readonly items: readonly TileItem[];
  open(id: string): void;
  close(): void;
  /** Loads what comes after the last, where there is more. */
  more?(): void;
}

export interface Neighbours {
  /** Which it is, from 0; -1 where it is not among them. */
  readonly index: number;
  readonly before: TileItem | undefined;
  readonly after: TileItem | undefined;
  /** The last ones that are loaded are near. */
  readonly atEnd: boolean;
}

/** The things before and after one, in their order. */
export function neighboursOf(items: readonly TileItem[], id: string): Neighbours {
  const index = items.findIndex((item) => item.id === id);
  return { index, before: index > 0 ? items[index - 1] : undefined, after: index < 0 ? undefined : items[index + 1], atEnd: index >= items.length - 2 };
}
