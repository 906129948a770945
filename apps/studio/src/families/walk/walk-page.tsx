import type { RunView, StepView } from '@atelier/protocol';
import { useEffect, useMemo, useState } from 'react';
import { useParams } from 'react-router';
import type { WatchedRun } from '../../api/run-progress.ts';
import { sentenceOf } from '../../api/sentence.ts';
import { useRun } from '../../api/use-run.ts';
import { isLost, LostPage } from '../../pages/lost-page.tsx';
import { FailureCard } from '../../run/failure-card.tsx';
import { previewsOf, sharesOf } from '../../shards/shard-states.ts';
import { Card, Problem, Skeleton } from '../../ui/blocks.tsx';
import { Viewer } from '../../viewer/viewer.tsx';
import { Downloads } from './downloads.tsx';
import { type Frame, framesOf, standIns } from './frame-states.ts';
import { PlayerControls } from './player.tsx';
import { Playhead } from './playhead.ts';
import { Stage } from './stage.tsx';
import { Timeline } from './timeline.tsx';
import { filmOf, walkOf } from './walk-form.ts';
import { WalkHead } from './walk-head.tsx';
import { WalkStatus } from './walk-status.tsx';

/** One walk: its film plays while its frames come. */
export function Component() {
  const { id = '' } = useParams();
  const { watched, error, lost, again } = useRun(id);
  if (!watched && error && isLost(sentenceOf(error).code)) return <LostPage looked={`the walk ${id}`} back={{ to: '/walks', words: 'Go to Walks' }} />;
  if (!watched && error) return <Problem error={error} onRetry={again} className="mx-auto mt-12 max-w-xl" />;
  const step = watched && walkOf(watched.run);
  if (!watched) return <WalkSkeleton />;
  if (!step) return <LostPage looked={`a walk in the run ${id}`} back={{ to: `/runs/${id}`, words: 'Show the run' }} />;
  return <Walk key={id} watched={watched} step={step} lost={lost} error={error} onAgain={again} />;
}

interface WalkProps {
  watched: WatchedRun;
  step: StepView;
  lost: boolean;
  error: unknown;
  onAgain: () => void;
}

function Walk({ watched, step, lost, error, onAgain }: WalkProps) {
  const { run } = watched;
  const frames = useMemo(() => framesOf(step), [step]);
  const shares = useMemo(() => sharesOf(step, frames), [step, frames]);
  const done = frames.filter(({ outputId }) => outputId !== null).length;
  const live = watched.shards[step.id];
  // After the end nothing is being drawn.
  const previews = useMemo(() => (run.endedAt === null && live ? previewsOf(live) : noPreviews), [run.endedAt, live]);
  const film = filmOf(run);
  return (
    <article className="flex flex-col gap-5">
      <WalkHead run={run} frames={frames} onGoesOn={onAgain} />
      {lost && (
        <p role="status" className="text-sm text-warn">
          Connection lost. Reconnecting; this page may be out of date.
        </p>
      )}
      {error !== null && <Problem error={error} onRetry={onAgain} />}
      <div className="grid items-start gap-5 xl:grid-cols-[minmax(0,1fr)_272px]">
        <WalkPlayer run={run} step={step} frames={frames} shares={shares} previews={previews} />
        <Card aria-label="State" className="grid gap-6 p-5 sm:grid-cols-2 xl:grid-cols-1">
          <WalkStatus run={run} step={step} frames={frames} shares={shares} />
          <Downloads run={run} doneFrames={done} />
        </Card>
      </div>
      {step.state === 'failed' && <FailureCard run={run} step={step} title="Latent walk" />}
      {film?.state === 'failed' && <FailureCard run={run} step={film} title="Frames to video" />}
      {run.error && step.state !== 'failed' && film?.state !== 'failed' && <Problem error={run.error} />}
    </article>
  );
}

const noPreviews: ReadonlyMap<number, string> = new Map();

interface WalkPlayerProps {
  run: RunView;
  step: StepView;
  frames: readonly Frame[];
  shares: ReturnType<typeof sharesOf>;
  previews: ReadonlyMap<number, string>;
}

const still = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
const largest = 1024;

function WalkPlayer({ run, step, frames, shares, previews }: WalkPlayerProps) {
  const [pixels, setPixels] = useState(false);
  const [enlarged, setEnlarged] = useState<string | null>(null);
  const film = filmOf(run)?.parameters ?? {};
  const framesPerSecond = Number(film.framesPerSecond ?? 12);
  const loops = step.parameters.loop === true;
  const [playhead] = useState(() => new Playhead(frames.length, framesPerSecond, film.thereAndBack === true || !loops ? 'there-and-back' : 'loop'));
  useEffect(() => playhead.measure(frames.length, framesPerSecond), [playhead, frames.length, framesPerSecond]);
  const plays = frames.some(({ outputId }) => outputId !== null);
  // The film begins with the first frames that are there, once; after that it goes by its reader.
  useEffect(() => {
    if (plays && !still()) playhead.play();
    return () => playhead.pause();
  }, [playhead, plays]);
  const walk = step.parameters as unknown as Parameters<typeof Timeline>[0]['walk'];
  const large = Math.max(Number(step.parameters.width ?? 0), Number(step.parameters.height ?? 0)) > largest;
  return (
    <Card aria-label="Video" data-modality="video" className="flex min-w-0 flex-col gap-4 p-4 sm:p-5">
      <Stage
        frames={frames}
        previews={previews}
        playhead={playhead}
        large={large}
        pixels={pixels}
        label={`The video of ${run.name}`}
        {...(run.endedAt === null ? {} : { empty: 'No frame was drawn' })}
      />
      <PlayerControls
        playhead={playhead}
        frames={frames.length}
        framesPerSecond={framesPerSecond}
        pixels={pixels}
        onPixels={setPixels}
        onEnlarge={() => setEnlarged(frameToOpen(frames, playhead))}
      />
      <Timeline frames={frames} shares={shares} walk={walk} playhead={playhead} />
      {enlarged !== null && <FrameViewer id={enlarged} run={run} frames={frames} playhead={playhead} onOpen={setEnlarged} />}
    </Card>
  );
}

/** The frame on which the playhead stands, or the nearest that is done; null while there is none. */
function frameToOpen(frames: readonly Frame[], playhead: Playhead): string | null {
  playhead.pause();
  const nearest = standIns(frames)[playhead.store.getState().frame] ?? -1;
  return frames[nearest]?.outputId ?? null;
}

interface FrameViewerProps {
  id: string;
  run: RunView;
  frames: readonly Frame[];
  playhead: Playhead;
  onOpen: (id: string | null) => void;
}

/** Single frames in the viewer; the playhead goes along. */
function FrameViewer({ id, run, frames, playhead, onOpen }: FrameViewerProps) {
  const items = frames.flatMap(({ outputId }, index) =>
    outputId ? [{ id: outputId, modality: 'image' as const, mediaType: 'image/png', sizeBytes: 0, caption: `frame ${index + 1} of ${run.name}` }] : [],
  );
  const open = (next: string) => {
    const index = frames.findIndex(({ outputId }) => outputId === next);
    if (index >= 0) playhead.seek(index);
    onOpen(next);
  };
  return <Viewer id={id} from="the walk" place={{ items, open, close: () => onOpen(null) }} />;
}

function WalkSkeleton() {
  return (
    <div role="status" aria-label="Loading the walk" className="flex flex-col gap-5">
      <Skeleton className="h-20 w-96 max-w-full" />
      <div className="grid gap-5 xl:grid-cols-[minmax(0,1fr)_272px]">
        <Skeleton className="h-[700px] rounded-2xl" />
        <Skeleton className="h-96 rounded-2xl" />
      </div>
    </div>
  );
}
