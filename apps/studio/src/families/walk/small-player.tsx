import { Footprints, Pause, Play } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import { Link } from 'react-router';
import { useStore } from 'zustand';
import { previewsOf } from '../../shards/shard-states.ts';
import type { ResultProps } from '../../task-views/index.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { framesOf } from './frame-states.ts';
import { Playhead } from './playhead.ts';
import { Stage } from './stage.tsx';
import { filmOf } from './walk-form.ts';

const still = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** A walk's frames as a small video, on the page of its run. */
export function Component({ run, step, title, shards }: ResultProps) {
  const frames = useMemo(() => framesOf(step), [step]);
  const previews = useMemo(() => previewsOf(shards), [shards]);
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
