import type { GalleryItem, GalleryPage, GalleryQuery, OutputId, RunView } from '@atelier/protocol';
import { type InfiniteData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { api, client, queries } from '../api/client.ts';
import { announce, complain } from '../ui/toast.tsx';
import { type Pages, withChanged, withItems, withNewest, withoutItems } from './pages.ts';

type Loaded = InfiniteData<GalleryPage, OutputId | undefined>;
const pageSize = 200;
const newestSize = 60;
const lists = ['gallery-list'] as const;

/** Changes every list that is loaded. Lists are never asked for again as a whole: they may have a hundred pages. */
function changeLists(change: (pages: Pages) => Pages): void {
  queries.setQueriesData<Loaded>({ queryKey: lists }, (data) => data && (change(data as Pages) as Loaded));
}

/** What a query finds, page by page; what is done with its items is told to it. */
function useList(query: Partial<GalleryQuery>) {
  const list = useInfiniteQuery({
    queryKey: [...lists, query],
    queryFn: ({ pageParam, signal }) => client.gallery.list({ ...query, limit: pageSize, ...(pageParam ? { before: pageParam } : {}) }, { signal }),
    initialPageParam: undefined as OutputId | undefined,
    getNextPageParam: (last: GalleryPage) => last.next ?? undefined,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });
  const items = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  return { ...list, items };
}

/** Everything that a query finds, page by page, with what is made meanwhile at its head. */
export function useGallery(query: Partial<GalleryQuery>) {
  const list = useList(query);
  const newest = useQuery(api.gallery.list.queryOptions({ input: { ...query, limit: newestSize }, refetchInterval: 5_000, staleTime: 0 })).data;
  const key = JSON.stringify([...lists, query]);
  useEffect(() => {
    const known: readonly unknown[] = JSON.parse(key);
    const before = queries.getQueryData<Loaded>(known);
    if (!newest || !before) return;
    const after = withNewest(before as Pages, newest);
    if (after === null) void queries.resetQueries({ queryKey: known });
    else if (after !== before) queries.setQueryData(known, after);
  }, [newest, key]);
  return list;
}

/** What a run made as the gallery knows it, by id; deleted items among them, as long as they can be restored. */
export type RunItems = ReadonlyMap<string, GalleryItem>;

/** The items of a run, asked for again when it has made more. */
export function useRunItems(run: Pick<RunView, 'id' | 'steps'>): RunItems {
  const kept = useList({ runId: run.id });
  const deleted = useList({ runId: run.id, deleted: true });
  const made = run.steps.reduce((sum, step) => sum + step.outputs.length, 0);
  const { refetch } = kept;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each result changes what there is.
  useEffect(() => void refetch(), [made, refetch]);
  return useMemo(() => new Map([...kept.items, ...deleted.items].map((item) => [item.id, item])), [kept.items, deleted.items]);
}

/** What can be done with items of one's own; each tells the lists, and the way back where there is one. */
export const gallery = {
  async star(items: readonly GalleryItem[], starred: boolean): Promise<void> {
    await eachOf(items, async (item) => told(await client.gallery.change({ id: item.id, starred })));
    // A list of stars that nobody looks at is asked for again; one that somebody does keeps its things where they are.
    queries.removeQueries({ queryKey: lists, type: 'inactive', predicate: ({ queryKey }) => (queryKey[1] as Partial<GalleryQuery>).starred === true });
  },
  async show(item: GalleryItem, visibility: GalleryItem['visibility']): Promise<void> {
    told(await client.gallery.change({ id: item.id, visibility }));
  },
  async remove(items: readonly GalleryItem[]): Promise<void> {
    const { ids } = await client.gallery.remove({ ids: items.map((item) => item.id) });
    const gone = items.filter((item) => ids.includes(item.id));
    changeLists((pages) => withoutItems(pages, new Set(ids)));
    refreshDeleted();
    announce(gone.length === 1 ? 'Deleted.' : `${gone.length} items deleted.`, () => void gallery.restore(gone).catch(complain));
  },
  async restore(items: readonly GalleryItem[]): Promise<void> {
    const { ids } = await client.gallery.restore({ ids: items.map((item) => item.id) });
    const back = items.filter((item) => ids.includes(item.id)).map((item) => ({ ...item, deletedAt: null }));
    for (const item of back) void queries.invalidateQueries({ queryKey: api.gallery.get.key({ input: { id: item.id } }) });
    refreshDeleted();
    for (const [key, data] of queries.getQueriesData<Loaded>({ queryKey: lists })) {
      const query = key[1] as Partial<GalleryQuery>;
      // Which of them a narrower list would hold only the API can say.
      if (data && Object.keys(query).length === 0) queries.setQueryData(key, withItems(data as Pages, back));
      else void queries.resetQueries({ queryKey: key });
    }
    announce(back.length === 1 ? 'Restored.' : `${back.length} items restored.`);
  },
};

function refreshDeleted(): void {
  void queries.resetQueries({ queryKey: lists, predicate: ({ queryKey }) => (queryKey[1] as Partial<GalleryQuery>).deleted === true });
}

/** An item as it is now, for every list and for its own page. */
function told(item: GalleryItem): void {
  changeLists((pages) => withChanged(pages, item));
  queries.setQueriesData<{ item: GalleryItem }>({ queryKey: api.gallery.get.key({ input: { id: item.id } }) }, (detail) => detail && { ...detail, item });
}

/** A few at a time, so that a hundred stars are no flood. */
async function eachOf<T>(list: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < list.length; at += 6) await Promise.all(list.slice(at, at + 6).map(work));
}
