import type { RunView } from '@atelier/protocol';
import { useEffect } from 'react';
import type { WatchedRun } from '../api/run-progress.ts';

const own = 'Atelier';

/** The tab says what the run is called and how far it is, so that one sees it from another tab: "43 % · a red apple". */
export function useRunTitle(watched: WatchedRun | null): void {
  const title = watched === null ? own : titleOf(watched);
  useEffect(() => {
    document.title = title;
    return () => {
      document.title = own;
    };
  }, [title]);
}

const ends: Partial<Record<RunView['state'], string>> = { succeeded: 'Done', failed: 'Failed', cancelled: 'Stopped', paused: 'Paused' };

/** @returns a title whose percentage is that of all steps together, each counting the same */
export function titleOf({ run, live }: Pick<WatchedRun, 'run' | 'live'>): string {
  const end = ends[run.state];
  if (end !== undefined) return `${end} · ${run.name}`;
  const parts: number[] = run.steps.map((step) => {
    if (step.state === 'succeeded') return 1;
    if (step.shards) return step.shards.done / step.shards.total;
    return step.state === 'running' ? (live[step.id]?.fraction ?? 0) : 0;
  });
  const all = parts.reduce((sum, part) => sum + part, 0) / Math.max(1, parts.length);
  return `${Math.floor(all * 100)} % · ${run.name}`;
}
