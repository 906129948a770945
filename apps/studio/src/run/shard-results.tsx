import type { RunView, StepView, TaskView } from '@atelier/protocol';
import { History } from 'lucide-react';
import { type ReactNode, useMemo } from 'react';
import type { StepLive } from '../api/run-progress.ts';
import type { RunItems } from '../gallery/use-gallery.ts';
import { countStates, previewsOf, shardsOf, sharesOf } from '../shards/shard-states.ts';
import { ProgressBar } from '../ui/blocks.tsx';
import { BatchGrid } from './batch-grid.tsx';

interface ShardResultsProps {
  run: RunView;
  step: StepView;
  title: string;
  items: RunItems;
  tasks: readonly TaskView[];
  /** What passes by of shards that are being made. */
  live: Readonly<Record<number, StepLive>>;
  /** In place of the images side by side. */
  children?: ReactNode;
}

/** The results of a step that machines share, and how far each of them is. */
export function ShardResults({ run, step, title, items, tasks, live, children }: ShardResultsProps) {
  const shards = useMemo(() => shardsOf(step), [step]);
  const counts = countStates(shards);
  const done = counts.done + counts.cached;
  const shares = sharesOf(step, shards).filter((share) => share.done + share.running > 0);
  const previews = useMemo(() => previewsOf(live), [live]);
  return (
    <div className="flex flex-col gap-4">
      {children ?? <BatchGrid run={run} step={step} shards={shards} previews={previews} title={title} items={items} tasks={tasks} />}
      <div>
        {run.endedAt === null && done < shards.length && <ProgressBar fraction={done / shards.length} label={`Progress of ${title}`} className="mb-2" />}
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-muted">
          <span>
            <span className="number text-ink">{done}</span> of <span className="number">{shards.length}</span> done
          </span>
          {step.cached > 0 && (
            <span className="flex items-center gap-1">
              <History aria-hidden className="size-3.5" />
              <span className="number">{step.cached}</span> from the cache
            </span>
          )}
          {shares.map((share) => (
            <span key={share.edgeId}>
              {share.name} <span className="number">{share.done}</span>
            </span>
          ))}
        </p>
      </div>
    </div>
  );
}
