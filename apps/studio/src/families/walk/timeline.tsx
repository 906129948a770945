import { useEffect, useMemo, useRef } from 'react';
import { countStates, type Share } from '../../shards/shard-states.ts';
import { beginDrawing, useWidth } from '../../ui/canvas.ts';
import { type Colours, useColours } from './colours.ts';
import { drawFrame, drawFrames, drawLane } from './draw-timeline.ts';
import type { Frame, FrameState } from './frame-states.ts';
import type { Playhead } from './playhead.ts';
import { frameAtX, keyframeMarks, xOfFrame } from './timeline-layout.ts';

const height = 28;
const room = 50;

export const stateWords: Record<FrameState, string> = {
  waiting: 'waiting',
  queued: 'queued',
  running: 'being drawn',
  done: 'drawn',
  cached: 'from the cache',
  failed: 'failed',
};

interface TimelineProps {
  frames: readonly Frame[];
  shares: readonly Share[];
  /** What decides where keyframes lie. */
  walk: { frames: number; loop: boolean; keyframes: ReadonlyArray<{ prompt?: string | undefined; frames?: number | undefined }> };
  playhead: Playhead;
}

/** All frames in a row with their states, the keyframes above, a quiet lane for each machine below. */
export function Timeline({ frames, shares, walk, playhead }: TimelineProps) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const colours = useColours(box);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-x-3 gap-y-1 sm:grid-cols-[92px_minmax(0,1fr)]">
      <span className="max-sm:hidden" />
      <Keyframes frames={frames} walk={walk} width={width} playhead={playhead} />
      <span className="self-center text-xs text-muted max-sm:hidden">Frames</span>
      <div ref={box} className="relative min-w-0">
        {colours && width > 0 && <Scrubber frames={frames} shares={shares} width={width} colours={colours} playhead={playhead} />}
        {!(colours && width > 0) && <div style={{ height }} />}
      </div>
      {shares.map((share) => (
        <Lane key={share.edgeId} share={share} frames={frames} width={width} colours={colours} />
      ))}
      <span className="max-sm:hidden" />
      {colours && <Legend frames={frames} colours={colours} />}
    </div>
  );
}

/** What is said of a frame to those who do not see it. */
function words(frames: readonly Frame[], frame: number, shares: readonly Share[]): string {
  const { state, edgeId } = frames[frame] ?? { state: 'waiting', edgeId: null };
  const machine = shares.find((share) => share.edgeId === edgeId)?.name;
  return `Frame ${frame + 1} of ${frames.length}, ${stateWords[state]}${machine && state !== 'waiting' ? ` ${state === 'queued' ? 'at' : 'by'} ${machine}` : ''}`;
}

interface ScrubberProps extends Pick<TimelineProps, 'frames' | 'shares' | 'playhead'> {
  width: number;
  colours: Colours;
}

/** The row itself: to be clicked, dragged over, and walked along by arrow keys. */
function Scrubber({ frames, shares, width, colours, playhead }: ScrubberProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const slider = useRef<HTMLDivElement>(null);
  const needle = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const pen = canvas.current && beginDrawing(canvas.current, width, height);
    if (pen) drawFrames(pen, frames, { width, height }, colours);
  }, [frames, width, colours]);
  // The needle moves with every frame that is shown, without React's help.
  useEffect(() => {
    const show = ({ frame }: { frame: number }) => {
      needle.current?.style.setProperty('transform', `translateX(${xOfFrame(frame, frames.length, width)}px)`);
      slider.current?.setAttribute('aria-valuenow', String(frame + 1));
      slider.current?.setAttribute('aria-valuetext', words(frames, frame, shares));
    };
    show(playhead.store.getState());
    return playhead.store.subscribe(show);
  }, [frames, shares, width, playhead]);
  const seek = (event: React.PointerEvent<HTMLDivElement>) => {
    playhead.pause();
    playhead.seek(frameAtX(event.clientX - event.currentTarget.getBoundingClientRect().left, frames.length, width));
  };
  return (
    <div
      ref={slider}
      role="slider"
      tabIndex={0}
      aria-label="Frame"
      aria-valuemin={1}
      aria-valuemax={frames.length}
      aria-valuenow={1}
      className="relative cursor-ew-resize touch-none rounded-sm outline-offset-4"
      style={{ height }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        seek(event);
      }}
      onPointerMove={(event) => event.currentTarget.hasPointerCapture(event.pointerId) && seek(event)}
    >
      <canvas ref={canvas} aria-hidden className="block size-full" />
      <div ref={needle} aria-hidden className="pointer-events-none absolute -top-1.5 -bottom-1.5 left-0 w-0">
        <div className="absolute inset-y-0 -left-[1.5px] w-[3px] rounded-full bg-ink shadow-[0_0_0_1.5px_var(--surface)]" />
        <div className="absolute -top-1 -left-1.5 size-3 rounded-full border-2 border-surface bg-ink" />
      </div>
    </div>
  );
}

/** The nearest finished picture of a keyframe, for its place above the row. */
function pictureNear(frames: readonly Frame[], frame: number): string | null {
  const reach = Math.max(1, Math.round(frames.length / 24));
  for (let away = 0; away <= reach; away += 1) {
    const found = frames[frame + away]?.outputId ?? frames[frame - away]?.outputId;
    if (found) return found;
  }
  return null;
}

function Keyframes({ frames, walk, width, playhead }: Pick<TimelineProps, 'frames' | 'walk' | 'playhead'> & { width: number }) {
  const marks = useMemo(() => marksOf(walk, width), [walk, width]);
  return (
    <ul aria-label="Keyframes" className="relative h-[58px] min-w-0">
      {marks.map(({ keyframe, frame, x, shown }) => {
        const name = walk.keyframes[keyframe]?.prompt ?? `Keyframe ${keyframe + 1}`;
        const picture = shown ? pictureNear(frames, frame) : null;
        if (!shown)
          return (
            <li key={keyframe} aria-label={name} className="absolute bottom-0 h-2 w-px bg-line-strong" style={{ left: xOfFrame(frame, walk.frames, width) }} />
          );
        return (
          <li key={keyframe} className="absolute bottom-0 flex flex-col items-center" style={{ left: x, translate: '-50%' }}>
            <button
              type="button"
              aria-label={`Go to ${name}`}
              title={name}
              onClick={() => {
                playhead.pause();
                playhead.seek(frame);
              }}
              className="block size-11 overflow-hidden rounded-lg border border-line bg-well transition-colors hover:border-line-strong"
            >
              {!picture && <span className="number text-xs text-faint">{keyframe + 1}</span>}
              {picture && <img src={`/api/outputs/${picture}/thumbnail?size=64`} alt="" className="size-full object-cover" />}
            </button>
            <span aria-hidden className="mt-1 h-2 w-px bg-line-strong" />
          </li>
        );
      })}
    </ul>
  );
}

function marksOf(walk: TimelineProps['walk'], width: number) {
  try {
    return width > 0 ? keyframeMarks(walk, width, room) : [];
  } catch {
    return [];
  }
}

const laneHeight = 8;

function Lane({ share, frames, width, colours }: { share: Share; frames: readonly Frame[]; width: number; colours: Colours | null }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const pen = canvas.current && colours && width > 0 ? beginDrawing(canvas.current, width, laneHeight) : null;
    if (pen && colours) drawLane(pen, frames, share.edgeId, { width, height: laneHeight }, colours);
  }, [frames, share.edgeId, width, colours]);
  return (
    <>
      <span className="truncate text-xs leading-4 text-muted" title={share.name}>
        {share.name}
      </span>
      <canvas ref={canvas} aria-hidden className="my-1 block w-full" style={{ height: laneHeight }} />
    </>
  );
}

const shownStates: readonly FrameState[] = ['done', 'cached', 'running', 'queued', 'waiting', 'failed'];

/** How many frames are in each state, with the sign of each. */
function Legend({ frames, colours }: { frames: readonly Frame[]; colours: Colours }) {
  const counts = countStates(frames);
  return (
    <ul aria-label="States of the frames" className="mt-1 flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
      {shownStates
        .filter((state) => counts[state] > 0)
        .map((state) => (
          <li key={state} className="flex items-center gap-1.5">
            <Sign state={state} colours={colours} />
            <span className="number">{counts[state]}</span> {stateWords[state]}
          </li>
        ))}
    </ul>
  );
}

function Sign({ state, colours }: { state: FrameState; colours: Colours }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const pen = canvas.current && beginDrawing(canvas.current, 9, 14);
    if (pen) drawFrame(pen, state, { x: 0, width: 9, height: 14 }, colours);
  }, [state, colours]);
  return <canvas ref={canvas} aria-hidden className="h-[14px] w-[9px] shrink-0" />;
}
