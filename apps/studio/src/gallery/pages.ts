import type { GalleryItem, GalleryPage } from '@atelier/protocol';

/** Pages of a gallery as they were asked for, newest first. */
export interface Pages {
  readonly pages: readonly GalleryPage[];
  readonly pageParams: readonly unknown[];
}

const mapItems = (data: Pages, change: (items: GalleryItem[]) => GalleryItem[]): Pages => ({
  ...data,
  pages: data.pages.map((page) => ({ ...page, items: change(page.items) })),
});

/** With an item as it is now, wherever it stands. */
export const withChanged = (data: Pages, item: GalleryItem): Pages => mapItems(data, (items) => items.map((old) => (old.id === item.id ? item : old)));

export const withoutItems = (data: Pages, ids: ReadonlySet<string>): Pages => mapItems(data, (items) => items.filter((item) => !ids.has(item.id)));

/** With items put back where they belong: identifiers sort by the time at which they were made. */
export function withItems(data: Pages, added: readonly GalleryItem[]): Pages {
  const known = new Set(data.pages.flatMap((page) => page.items.map((item) => item.id)));
  let left = added.filter((item) => !known.has(item.id));
  const pages = data.pages.map((page, index) => {
    const last = index === data.pages.length - 1;
    const end = page.items.at(-1)?.id;
    const here = left.filter((item) => (last && page.next === null) || (end !== undefined && item.id >= end));
    left = left.filter((item) => !here.includes(item));
    return here.length === 0 ? page : { ...page, items: [...page.items, ...here].sort((one, other) => (one.id < other.id ? 1 : -1)) };
  });
  return { ...data, pages };
}

/**
 * What came since the pages were asked for, before them.
 * @returns null if so much came that there is a gap, so that the pages have to be asked for again
 */
export function withNewest(data: Pages, newest: GalleryPage): Pages | null {
  const first = data.pages[0];
  if (!first) return null;
  const newer = newest.items.filter((item) => first.items[0] === undefined || item.id > first.items[0].id);
  if (newer.length === 0) return data;
  if (newer.length === newest.items.length && newest.next !== null) return null;
  return { ...data, pages: [{ ...first, items: [...newer, ...first.items] }, ...data.pages.slice(1)] };
}
