import { modalityOf, type OutputView, type RunSummary } from '@atelier/protocol';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Footprints } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { Link } from 'react-router';
import { api, contentUrl } from '../../api/client.ts';
import { Ago, Problem, Skeleton } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { StateBadge } from '../../ui/state.tsx';

const pageSize = 24;

/** The walks that were made, newest first. Runs that only made another film of the same frames are no walks of their own. */
export function useRecentWalks() {
  const runs = useInfiniteQuery(
    api.runs.list.infiniteOptions({
      input: (before: string | undefined) => ({ limit: pageSize, task: 'latent-walk', ...(before ? { before: before as never } : {}) }),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (last) => (last.length === pageSize ? last.at(-1)?.id : undefined),
      refetchInterval: (query) => (query.state.data?.pages.flat().some((run) => run.endedAt === null) ? 2_000 : 15_000),
    }),
  );
  return { ...runs, walks: runs.data?.pages.flat().filter(isWalk) };
}

const isWalk = (run: RunSummary) => run.steps.some((step) => step.task === 'latent-walk' && !step.reused);

export function RecentWalks({ recent }: { recent: ReturnType<typeof useRecentWalks> }) {
  if (recent.isError && !recent.walks) return <Problem error={recent.error} onRetry={() => void recent.refetch()} />;
  if (!recent.walks) {
    return (
      <div role="status" aria-label="Loading the walks" className={grid}>
        {['a', 'b', 'c', 'd'].map((key) => (
          <Skeleton key={key} className="aspect-4/5 rounded-2xl" />
        ))}
      </div>
    );
  }
  return (
    <>
      <ul aria-label="Recent walks" className={grid}>
        {recent.walks.map((run) => (
          <WalkCard key={run.id} run={run} />
        ))}
      </ul>
      {recent.hasNextPage && (
        <div className="flex justify-center py-6">
          <Button busy={recent.isFetchingNextPage} onClick={() => void recent.fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </>
  );
}

const grid = 'grid grid-cols-2 gap-3 sm:grid-cols-3 sm:gap-4 lg:grid-cols-4 xl:grid-cols-5';

function WalkCard({ run }: { run: RunSummary }) {
  return (
    <li
      data-modality="video"
      className="group relative min-w-0 overflow-hidden rounded-2xl border border-line bg-surface transition-colors hover:border-line-strong/60"
    >
      <div className="aspect-square bg-well">
        <MovingThumbnail output={run.lastOutput} />
      </div>
      <div className="p-3">
        <Link to={`/walks/${run.id}`} className="line-clamp-2 text-sm font-medium after:absolute after:inset-0 after:rounded-2xl">
          {run.name}
        </Link>
        <p className="mt-1 flex items-center justify-between gap-2 text-xs text-muted">
          <Ago time={run.createdAt} />
          {run.state !== 'succeeded' && <StateBadge state={run.state} />}
        </p>
      </div>
    </li>
  );
}

const still = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** A film that plays while it is in view; a picture of it for those who want no motion. */
function MovingThumbnail({ output }: { output: OutputView | null }) {
  if (!output)
    return (
      <span aria-hidden className="grid size-full place-items-center bg-hue-soft/40 text-hue">
        <Footprints className="size-8 opacity-40" strokeWidth={1.25} />
      </span>
    );
  if (modalityOf(output.mediaType) === 'video') return <FilmThumbnail src={contentUrl(output.id)} />;
  const moving = output.mediaType !== 'image/png' && !still();
  const src = moving ? contentUrl(output.id) : `/api/outputs/${output.id}/thumbnail?size=256`;
  return <img src={src} alt="" loading="lazy" className="size-full object-cover" />;
}

function FilmThumbnail({ src }: { src: string }) {
  const film = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = film.current;
    if (!element || still()) return;
    const observer = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting) void element.play().catch(() => undefined);
      else element.pause();
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return <video ref={film} src={src} muted loop playsInline preload="metadata" aria-hidden tabIndex={-1} className="size-full object-cover" />;
}
