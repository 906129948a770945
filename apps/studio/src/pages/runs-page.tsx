import type { RunState } from '@atelier/protocol';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { Link, useSearchParams } from 'react-router';
import { api } from '../api/client.ts';
import { RunRow } from '../run/run-row.tsx';
import { Empty, Problem, Skeleton } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';

const pageSize = 30;
const filters: ReadonlyArray<{ state: RunState | ''; label: string }> = [
  { state: '', label: 'All' },
  { state: 'running', label: 'Running' },
  { state: 'succeeded', label: 'Done' },
  { state: 'failed', label: 'Failed' },
  { state: 'paused', label: 'Paused' },
  { state: 'cancelled', label: 'Stopped' },
];

/** All runs, newest first. */
export function Component() {
  const [search, setSearch] = useSearchParams();
  const state = filters.find((filter) => filter.state === search.get('state'))?.state ?? '';
  return (
    <>
      <h1 className="text-xl font-semibold tracking-tight">Runs</h1>
      <fieldset className="mt-4 mb-5 flex flex-wrap gap-1">
        <legend className="sr-only">State</legend>
        {filters.map((filter) => (
          <button
            key={filter.label}
            type="button"
            aria-pressed={state === filter.state}
            onClick={() => setSearch(filter.state ? { state: filter.state } : {}, { replace: true })}
            className="h-8 rounded-full px-3.5 text-sm text-muted transition-colors hover:text-ink aria-pressed:bg-raised aria-pressed:font-medium aria-pressed:text-ink"
          >
            {filter.label}
          </button>
        ))}
      </fieldset>
      <RunList state={state || undefined} />
    </>
  );
}

function RunList({ state }: { state: RunState | undefined }) {
  const runs = useInfiniteQuery(
    api.runs.list.infiniteOptions({
      input: (before: string | undefined) => ({ limit: pageSize, ...(state ? { state } : {}), ...(before ? { before: before as never } : {}) }),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (last) => (last.length === pageSize ? last.at(-1)?.id : undefined),
      refetchInterval: 3_000,
    }),
  );
  const all = runs.data?.pages.flat() ?? [];
  if (runs.isError && !runs.data) return <Problem error={runs.error} onRetry={() => void runs.refetch()} />;
  if (runs.isPending) return <ListSkeleton />;
  if (all.length === 0) return <NoRuns filtered={state !== undefined} />;
  return (
    <>
      <ul aria-label="Runs" className="flex flex-col gap-2">
        {all.map((run) => (
          <RunRow key={run.id} run={run} />
        ))}
      </ul>
      {runs.hasNextPage && <More key={all.length} busy={runs.isFetchingNextPage} onMore={() => void runs.fetchNextPage()} />}
    </>
  );
}

/** Asks for more when it comes into view; a button for those who do not scroll. */
function More({ busy, onMore }: { busy: boolean; onMore: () => void }) {
  const end = useRef<HTMLDivElement>(null);
  const latest = useRef(onMore);
  latest.current = onMore;
  useEffect(() => {
    if (!end.current) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && latest.current(), { rootMargin: '400px' });
    observer.observe(end.current);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={end} className="flex justify-center py-6">
      <Button busy={busy} onClick={onMore}>
        Show more
      </Button>
    </div>
  );
}

function NoRuns({ filtered }: { filtered: boolean }) {
  const picture = (
    <div className="flex w-72 flex-col gap-2">
      {['image', 'video', 'text'].map((modality) => (
        <div key={modality} data-modality={modality} className="flex items-center gap-3 rounded-xl border border-line p-2">
          <span className="size-10 rounded-lg bg-hue-soft" />
          <span className="h-2.5 w-28 rounded-full bg-raised" />
        </div>
      ))}
    </div>
  );
  const action = (
    <Button asChild look="primary">
      <Link to="/">Start a chain</Link>
    </Button>
  );
  return (
    <Empty title={filtered ? 'No run is in this state' : 'Nothing has run yet'} picture={picture} action={filtered ? undefined : action}>
      {filtered ? 'Choose another state above.' : 'Each run keeps its results, its recipe and the machines that it ran on.'}
    </Empty>
  );
}

function ListSkeleton() {
  return (
    <div role="status" aria-label="Loading the runs" className="flex flex-col gap-2">
      {['a', 'b', 'c', 'd', 'e', 'f'].map((key) => (
        <Skeleton key={key} className="h-[82px] rounded-2xl" />
      ))}
    </div>
  );
}
