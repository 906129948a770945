import type { GalleryItem } from '@atelier/protocol';

/** The grid that a thing is shown over; null where its page was opened by itself. */
export interface ItemPlace {
  readonly items: readonly GalleryItem[];
  open(id: string): void;
  close(): void;
  /** Loads what comes after the last. */
  more(): void;
}

/** The things before and after one, in the order of the grid. */
export function neighboursOf(items: readonly GalleryItem[], id: string): { before: GalleryItem | undefined; after: GalleryItem | undefined; atEnd: boolean } {
  const at = items.findIndex((item) => item.id === id);
  return { before: at > 0 ? items[at - 1] : undefined, after: at < 0 ? undefined : items[at + 1], atEnd: at >= items.length - 2 };
}
