import { type RefObject, useEffect, useRef, useState } from 'react';
import { beginDrawing, useSize } from '../../ui/canvas.ts';
import { FilmReel, type Shot } from './film-reel.ts';
import type { Frame } from './frame-states.ts';
import type { Playhead } from './playhead.ts';

/** As tall as leaves the timeline beneath in sight. */
const heightFor = (width: number) => `min(512px, ${width || 512}px, max(280px, 100dvh - 430px))`;

interface StageProps {
  frames: readonly Frame[];
  /** Data URLs by frame, of frames that are being drawn. */
  previews: ReadonlyMap<number, string>;
  playhead: Playhead;
  /** Frames are larger than 1024 pixels; the stage then shows them smaller. */
  large: boolean;
  /** Small pictures as the pixels that they are made of, rather than smoothed. */
  pixels: boolean;
  label: string;
  /** What is said while there is nothing to show. */
  empty?: string;
}

/** Where the film plays: each moment shows the frame itself, or the nearest that is there. */
export function Stage({ frames, previews, playhead, large, pixels, label, empty = 'Waiting for the first frames' }: StageProps) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSize(box);
  const shown = useShot({ frames, previews, playhead, large }, canvas, size, pixels);
  return (
    <div ref={box} className="relative mx-auto w-full overflow-hidden rounded-xl" style={{ height: heightFor(size.width) }}>
      <canvas ref={canvas} role="img" aria-label={label} className={`block size-full ${shown === null ? 'invisible' : ''}`} />
      {shown === null && (
        <div
          aria-hidden
          className="absolute inset-0 mx-auto grid aspect-square h-full max-w-full place-items-center rounded-xl bg-hue-soft/50 p-4 text-center text-sm text-muted"
        >
          {empty}
        </div>
      )}
      {shown !== null && shown !== '' && (
        <p className="absolute bottom-3 left-1/2 -translate-x-1/2 rounded-md bg-ground/80 px-2 py-0.5 text-xs text-ink">{shown}</p>
      )}
    </div>
  );
}

/** Draws what the playhead stands on. @returns what is seen instead of the frame itself while the film stands, `''` for the frame, null for nothing yet */
function useShot(
  source: Pick<StageProps, 'frames' | 'previews' | 'playhead' | 'large'>,
  canvas: RefObject<HTMLCanvasElement | null>,
  { width, height }: { width: number; height: number },
  pixels: boolean,
): string | null {
  const { frames, previews, playhead, large } = source;
  const [seen, setSeen] = useState<string | null>(null);
  const reel = useRef<FilmReel | null>(null);
  const draw = useRef<() => void>(() => undefined);
  draw.current = () => {
    const { frame, playing } = playhead.store.getState();
    reel.current?.prepare((count) => playhead.ahead(count));
    const shot = reel.current?.shot(frame, playing) ?? null;
    if (shot && canvas.current && width > 0 && height > 0) paint(canvas.current, shot, { width, height }, pixels);
    // What is only not decoded yet leaves the picture before it standing.
    if (shot) setSeen(playing || shot.kind === 'frame' ? '' : caption(shot));
    else if (previews.size === 0 && frames.every(({ outputId }) => outputId === null)) setSeen(null);
  };
  useEffect(() => {
    let planned = 0;
    const soon = () => {
      cancelAnimationFrame(planned);
      planned = requestAnimationFrame(() => draw.current());
    };
    const made = new FilmReel(large, soon);
    reel.current = made;
    const stop = playhead.store.subscribe(() => draw.current());
    return () => {
      stop();
      cancelAnimationFrame(planned);
      made.close();
      reel.current = null;
    };
  }, [playhead, large]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new reel has to be told too, and another size or look is drawn at once.
  useEffect(() => reel.current?.update(frames, previews), [frames, previews, playhead, large, width, height, pixels]);
  return seen;
}

const caption = ({ kind, frame }: Shot) => (kind === 'preview' ? 'Preview of this frame' : `Showing frame ${frame + 1} meanwhile`);

/** Draws a picture in the middle as large as it can be, or by a whole factor, so that each of its pixels is as large as the others. */
function paint(canvas: HTMLCanvasElement, shot: Shot, { width, height }: { width: number; height: number }, pixels: boolean): void {
  const pen = beginDrawing(canvas, width, height);
  if (!pen) return;
  const fit = Math.min(width / shot.width, height / shot.height);
  const scale = pixels && fit >= 1 ? Math.floor(fit) : fit;
  const [wide, tall] = [shot.width * scale, shot.height * scale];
  pen.imageSmoothingEnabled = !(pixels && scale > 1);
  pen.imageSmoothingQuality = 'high';
  const [left, top] = [Math.round((width - wide) / 2), Math.round((height - tall) / 2)];
  pen.save();
  pen.beginPath();
  pen.roundRect(left, top, wide, tall, 12);
  pen.clip();
  pen.drawImage(shot.picture, left, top, wide, tall);
  pen.restore();
}
