import type { GalleryItem, GalleryPage, OutputId } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { type Pages, withChanged, withItems, withNewest, withoutItems } from './pages.ts';

const item = (id: number, more: Partial<GalleryItem> = {}) => ({ id: String(id).padStart(2, '0') as OutputId, starred: false, ...more }) as GalleryItem;
const page = (ids: number[], more = true): GalleryPage => ({
  items: ids.map((id) => item(id)),
  next: more ? (String(ids.at(-1)).padStart(2, '0') as OutputId) : null,
});
const data: Pages = { pages: [page([9, 8, 7]), page([6, 4], false)], pageParams: [undefined, '07'] };
const ids = (one: Pages | null) => one?.pages.map((each) => each.items.map(({ id }) => Number(id)).join(' '));

test('a changed item stands where it stood', () => {
  const changed = withChanged(data, item(6, { starred: true }));
  expect(ids(changed)).toEqual(ids(data));
  expect(changed.pages[1]?.items[0]?.starred).toBe(true);
});

test('what is deleted and brought back stands where it stood', () => {
  expect(ids(withoutItems(data, new Set(['08', '06'])))).toEqual(['9 7', '4']);
  expect(ids(withItems(withoutItems(data, new Set(['09', '06', '04'])), [item(4), item(6), item(9)]))).toEqual(['9 8 7', '6 4']);
  expect(ids(withItems(data, [item(5), item(8)]))).toEqual(['9 8 7', '6 5 4']);
});

test('an item older than what is loaded is left to the page that it will come with', () => {
  const open: Pages = { pages: [page([9, 8])], pageParams: [undefined] };
  expect(ids(withItems(open, [item(3)]))).toEqual(['9 8']);
});

test('what came since stands first, and a gap asks for all again', () => {
  expect(withNewest(data, page([9, 8, 7]))).toBe(data);
  expect(ids(withNewest(data, { items: [item(11), item(10), item(9)], next: '09' as OutputId }))).toEqual(['11 10 9 8 7', '6 4']);
  expect(withNewest(data, { items: [item(12), item(11)], next: '11' as OutputId })).toBeNull();
  const none: Pages = { pages: [{ items: [], next: null }], pageParams: [undefined] };
  expect(ids(withNewest(none, page([1], false)))).toEqual(['1']);
});
