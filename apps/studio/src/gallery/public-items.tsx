import type { OutputId, PublicItem, PublicPage } from '@atelier/protocol';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { useMemo, useState } from 'react';
import { client } from '../api/client.ts';
import { Ago, Empty, Problem, Skeleton } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { ModalityTag } from '../ui/modality.tsx';
import { opens } from '../viewer/opening.ts';
import type { ViewerPlace } from '../viewer/place.ts';
import { ViewerWindow } from '../viewer/viewer-window.tsx';
import { Tiles } from './gallery-empty.tsx';
import { nextId } from './next-id.ts';
import { nameOf, publicAddresses, TileFace } from './tile.tsx';
import { WindowGrid } from './window-grid.tsx';

interface PublicItemsProps {
  search: string;
  /** The item that is open. */
  id: string | undefined;
  onShow: (id: string | null) => void;
}

/** What people of this studio made public, as a grid, and one of it large. Asks for nothing that needs a sign-in. */
export function PublicItems({ search, id, onShow }: PublicItemsProps) {
  const list = usePublic(search);
  const more = () => {
    if (list.hasNextPage && !list.isFetchingNextPage) void list.fetchNextPage();
  };
  return (
    <>
      {list.isError && list.items.length === 0 ? (
        <Problem error={list.error} onRetry={() => void list.refetch()} className="mt-6" />
      ) : list.isPending ? (
        <Skeleton className="mt-6 h-96" />
      ) : list.items.length === 0 ? (
        <Empty title={search ? 'No matches' : 'Nothing is public yet'} picture={<Tiles />}>
          {search ? `Nothing public has words that begin with “${search}”.` : 'What the people of this studio make public is shown here.'}
        </Empty>
      ) : (
        <WindowGrid
          label="Public gallery"
          items={list.items}
          narrowest={232}
          onEnd={more}
          tile={(item, index) => <PublicTile key={item.id} item={item} index={index} onOpen={() => onShow(item.id)} />}
        />
      )}
      {id !== undefined && <PublicViewer id={id} items={list.items} place={{ items: list.items, open: onShow, close: () => onShow(null), more }} />}
    </>
  );
}

function usePublic(search: string) {
  const list = useInfiniteQuery({
    queryKey: ['public-list', search],
    queryFn: ({ pageParam, signal }) =>
      client.gallery.public({ limit: 100, ...(search ? { search } : {}), ...(pageParam ? { before: pageParam } : {}) }, { signal }),
    initialPageParam: undefined as OutputId | undefined,
    getNextPageParam: (last: PublicPage) => last.next ?? undefined,
    staleTime: 60_000,
    refetchOnWindowFocus: false,
  });
  const items = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  return { ...list, items };
}

function PublicTile({ item, index, onOpen }: { item: PublicItem; index: number; onOpen: () => void }) {
  const [pointed, setPointed] = useState(false);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table's cell would bring a table's layout.
    // biome-ignore lint/a11y/useFocusableInteractive: its link takes the focus.
    <div role="gridcell" data-modality={item.modality}>
      <a
        href={`/public/${item.id}`}
        {...opens(item.id)}
        data-tile={index}
        aria-label={nameOf(item)}
        onClick={(event) => {
          event.preventDefault();
          onOpen();
        }}
        onPointerEnter={() => setPointed(true)}
        onPointerLeave={() => setPointed(false)}
        onFocus={() => setPointed(true)}
        onBlur={() => setPointed(false)}
        className="relative block aspect-square w-full overflow-hidden rounded-xl bg-well ring-1 ring-line/60 hover:ring-line-strong/70"
      >
        <TileFace item={item} addresses={publicAddresses} playing={pointed} />
      </a>
    </div>
  );
}

/** One public thing, also by its own link. */
function PublicViewer({ id, items, place }: { id: string; items: readonly PublicItem[]; place: ViewerPlace }) {
  const known = items.find((one) => one.id === id);
  const asked = useQuery({
    queryKey: ['public-item', id],
    enabled: known === undefined,
    retry: false,
    queryFn: async () => {
      const [first] = (await client.gallery.public({ before: nextId(id) as OutputId, limit: 1 })).items;
      return first?.id === id ? first : null;
    },
  });
  const item = known ?? asked.data ?? undefined;
  return (
    <ViewerWindow id={id} item={item} addresses={publicAddresses} place={place} from="the public gallery">
      {item ? (
        <div className="flex flex-col items-start gap-5">
          <div className="flex flex-wrap items-center gap-x-4 gap-y-1 text-sm text-muted">
            <ModalityTag modality={item.modality} />
            <Ago time={item.createdAt} />
          </div>
          {item.caption && item.modality !== 'text' && <p className="text-lg break-words">{item.caption}</p>}
          <Button asChild>
            <a href={`${publicAddresses.content(item.id)}?download=1`} download>
              <Download aria-hidden className="size-4" />
              Download
            </a>
          </Button>
        </div>
      ) : asked.isPending ? (
        <Skeleton className="h-40" />
      ) : (
        <Empty title="Not public" picture={<Tiles />} action={<Button onClick={place.close}>See what is public</Button>}>
          It may have been made private again, or deleted.
        </Empty>
      )}
    </ViewerWindow>
  );
}
