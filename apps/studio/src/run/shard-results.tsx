import type { RunView, StepView, TaskView } from '@atelier/protocol';
import { Footprints, History, Pause, Play } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import { Link } from 'react-router';
import { useStore } from 'zustand';
import type { StepLive } from '../api/run-progress.ts';
import type { RunItems } from '../gallery/use-gallery.ts';
import { ProgressBar } from '../ui/blocks.tsx';
import { Button, IconButton } from '../ui/button.tsx';
import { countStates, type Frame, framesOf, sharesOf } from '../walk/frame-states.ts';
import { Playhead } from '../walk/playhead.ts';
import { Stage } from '../walk/stage.tsx';
import { filmOf } from '../walk/walk-form.ts';
import { BatchGrid } from './batch-grid.tsx';

interface ShardResultsProps {
  run: RunView;
  step: StepView;
  title: string;
  items: RunItems;
  tasks: readonly TaskView[];
  /** What passes by of shards that are being made. */
  live: Readonly<Record<number, StepLive>> | undefined;
}

const nothing: Readonly<Record<number, StepLive>> = {};

/** The results of a step that machines share: frames as a small film, pictures of a batch side by side. */
export function ShardResults({ run, step, title, items, tasks, live = nothing }: ShardResultsProps) {
  const frames = useMemo(() => framesOf(step), [step]);
  const counts = countStates(frames);
  const done = counts.done + counts.cached;
  const shares = sharesOf(step, frames).filter((share) => share.done + share.running > 0);
  const previews = useMemo(() => new Map(Object.entries(live).flatMap(([index, one]) => (one.preview ? [[Number(index), one.preview] as const] : []))), [live]);
  return (
    <div className="flex flex-col gap-4">
      {step.task === 'latent-walk' ? (
        <SmallPlayer run={run} frames={frames} previews={previews} title={title} />
      ) : (
        <BatchGrid run={run} step={step} frames={frames} previews={previews} title={title} items={items} tasks={tasks} />
      )}
      <div>
        {run.endedAt === null && done < frames.length && <ProgressBar fraction={done / frames.length} label={`Progress of ${title}`} className="mb-2" />}
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-muted">
          <span>
            <span className="number text-ink">{done}</span> of <span className="number">{frames.length}</span> done
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

const still = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

function SmallPlayer({ run, frames, previews, title }: { run: RunView; frames: readonly Frame[]; previews: ReadonlyMap<number, string>; title: string }) {
  const framesPerSecond = Number(filmOf(run)?.parameters.framesPerSecond ?? 12);
  const [playhead] = useState(() => new Playhead(frames.length, framesPerSecond, 'there-and-back'));
  const { playing, frame } = useStore(playhead.store);
  const plays = frames.some(({ outputId }) => outputId !== null);
  useEffect(() => playhead.measure(frames.length, framesPerSecond), [playhead, frames.length, framesPerSecond]);
  useEffect(() => {
    if (plays && !still()) playhead.play();
    return () => playhead.pause();
  }, [playhead, plays]);
  return (
    <div>
      <Stage frames={frames} previews={previews} playhead={playhead} large={false} pixels={false} label={`The frames of ${title}`} />
      <div className="mt-3 flex items-center gap-2">
        <IconButton icon={playing ? Pause : Play} look="plain" label={playing ? 'Pause the video' : 'Play the video'} onClick={() => playhead.toggle()} />
        <span className="number text-sm text-muted">
          {frame + 1} / {frames.length}
        </span>
        <div className="grow" />
        <Button asChild look="soft" size="small">
          <Link to={`/walks/${run.id}`}>
            <Footprints aria-hidden className="size-4" />
            Open the walk
          </Link>
        </Button>
      </div>
    </div>
  );
}
