import { useRef } from 'react';
import { Outlet, useLocation, useNavigate, useParams, useSearchParams } from 'react-router';
import { FilterBar } from '../gallery/filter-bar.tsx';
import { addressOf, type Filters, filtersOf, queryOf } from '../gallery/filters.ts';
import { GalleryEmpty } from '../gallery/gallery-empty.tsx';
import { GalleryGrid } from '../gallery/gallery-grid.tsx';
import { UploadsUsage } from '../gallery/uploads-usage.tsx';
import { useGallery } from '../gallery/use-gallery.ts';
import { Problem, Skeleton } from '../ui/blocks.tsx';
import type { ViewerPlace } from '../viewer/place.ts';

/** Everything that was made, newest first. One thing stands over the grid, or alone where its address was opened by itself. */
export function Component() {
  const { id } = useParams();
  const { state } = useLocation() as { state: { overGrid?: boolean } | null };
  if (id !== undefined && !state?.overGrid) return <Outlet context={null} />;
  return <Grid openId={id ?? null} />;
}

function Grid({ openId }: { openId: string | null }) {
  const [address, setAddress] = useSearchParams();
  const navigate = useNavigate();
  const filters = filtersOf(address);
  const list = useGallery(queryOf(filters));
  const last = useRef<string | null>(null);
  if (openId !== null) last.current = openId;
  const change = (next: Filters) => setAddress(addressOf(next), { replace: true });
  const more = () => {
    if (list.hasNextPage && !list.isFetchingNextPage && !list.isFetchNextPageError) void list.fetchNextPage();
  };
  const open = (itemId: string, replace = false) =>
    navigate({ pathname: `/gallery/${itemId}`, search: `?${address}` }, { state: { overGrid: true }, replace, preventScrollReset: true });
  const place: ViewerPlace = {
    items: list.items,
    open: (itemId) => open(itemId, true),
    close: () => navigate({ pathname: '/gallery', search: `?${address}` }, { preventScrollReset: true }),
    more,
  };
  return (
    <>
      <h1 className="text-xl font-semibold tracking-tight">Gallery</h1>
      <FilterBar filters={filters} onChange={change} />
      {filters.which === 'uploads' && <UploadsUsage />}
      {list.isError && list.items.length === 0 ? (
        <Problem error={list.error} onRetry={() => void list.refetch()} className="mt-6" />
      ) : list.isPending ? (
        <GridSkeleton />
      ) : list.items.length === 0 ? (
        <GalleryEmpty filters={filters} onReset={() => change({ ...filters, search: '', modality: null, runId: null })} />
      ) : (
        <GalleryGrid
          key={address.toString()}
          items={list.items}
          deleted={filters.which === 'deleted'}
          onEnd={more}
          onOpen={(item) => open(item.id)}
          returnTo={openId === null ? last.current : null}
        />
      )}
      {list.isFetchNextPageError && <Problem error={list.error} onRetry={() => void list.fetchNextPage()} className="mt-4" />}
      <p role="status" className="h-10 pt-4 text-center text-sm text-muted">
        {list.isFetchingNextPage ? 'Loading more' : ''}
      </p>
      <Outlet context={place} />
    </>
  );
}

function GridSkeleton() {
  return (
    <div role="status" aria-label="Loading the gallery" className="mt-14 grid grid-cols-[repeat(auto-fill,minmax(168px,1fr))] gap-3">
      {Array.from({ length: 18 }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: all alike.
        <Skeleton key={index} className="aspect-square rounded-xl" />
      ))}
    </div>
  );
}
