import { Grid2x2, Maximize, ZoomIn, ZoomOut } from 'lucide-react';
import { type PointerEvent, useEffect, useRef, useState } from 'react';
import { IconButton } from '../ui/button.tsx';
import { useSize } from '../ui/canvas.ts';
import { fitOf, type Size } from './fit.ts';
import type { Zoom } from './use-zoom.ts';

interface ImageStageProps {
  src: string;
  name: string;
  zoom: Zoom;
  /** A finger swept over the image while it was whole: 1 to the next one, -1 back. */
  onSwipe?: ((way: 1 | -1) => void) | undefined;
}

/** An image that fills its place, to be enlarged and moved. */
export function ImageStage({ src, name, zoom, onSwipe }: ImageStageProps) {
  const box = useRef<HTMLDivElement>(null);
  const stage = useSize(box);
  const [size, setSize] = useState<Size | null>(null);
  const [broken, setBroken] = useState(false);
  const [pixels, setPixels] = useState(false);
  const { attach, measure, transform, enlarged } = zoom;
  const swipe = useSwipe(enlarged ? undefined : onSwipe);
  useEffect(() => (box.current ? attach(box.current) : undefined), [attach]);
  const fit = size && stage.width > 0 && stage.height > 0 ? fitOf(size, stage) : null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: how it fits follows from the two sizes.
  useEffect(() => {
    if (fit) measure(stage, fit);
  }, [measure, size, stage]);
  if (broken) return <p className="grid size-full place-items-center p-6 text-base text-muted">The image could not be loaded. Its machine may be away.</p>;
  return (
    <div className="flex size-full min-h-0 flex-col">
      <div
        ref={box}
        {...swipe}
        data-scale={transform.k.toFixed(2)}
        className={`relative min-h-0 grow overflow-hidden ${enlarged ? 'cursor-grab touch-none active:cursor-grabbing' : 'touch-pan-y'}`}
      >
        <div className="absolute inset-0 origin-top-left" style={{ transform: `translate(${transform.x}px, ${transform.y}px) scale(${transform.k})` }}>
          <img
            src={src}
            alt={name}
            draggable={false}
            onLoad={({ currentTarget: { naturalWidth: width, naturalHeight: height } }) => setSize({ width, height })}
            onError={() => setBroken(true)}
            style={fit ? { left: fit.left, top: fit.top, width: fit.width, height: fit.height, imageRendering: pixels ? 'pixelated' : 'auto' } : undefined}
            className={`absolute max-w-none rounded-lg select-none ${fit ? '' : 'invisible'}`}
          />
        </div>
      </div>
      <ZoomBar zoom={zoom} size={size} scale={(fit?.scale ?? 1) * transform.k} most={fit?.most ?? 1} pixels={pixels} onPixels={setPixels} />
    </div>
  );
}

interface ZoomBarProps {
  zoom: Zoom;
  size: Size | null;
  /** Pixels of the page for one of the image. */
  scale: number;
  most: number;
  pixels: boolean;
  onPixels: (pixels: boolean) => void;
}

function ZoomBar({ zoom, size, scale, most, pixels, onPixels }: ZoomBarProps) {
  const { transform, enlarged, keys } = zoom;
  return (
    <div role="toolbar" aria-label="Zoom" className="mx-auto flex shrink-0 flex-wrap items-center justify-center gap-1 pt-2">
      <span className="number px-2 text-xs text-muted">{size ? `${size.width} × ${size.height}` : ''}</span>
      <IconButton icon={ZoomOut} label="Zoom out (-)" aria-disabled={!enlarged} className={enlarged ? '' : 'opacity-50'} onClick={keys['-']} />
      <span className="number w-14 text-center text-xs text-muted" aria-live="polite">
        {Math.round(scale * 100)} %
      </span>
      <IconButton icon={ZoomIn} label="Zoom in (+)" aria-disabled={transform.k >= most} onClick={keys['+']} />
      <IconButton icon={Maximize} label="Fit (0)" aria-disabled={!enlarged} className={enlarged ? '' : 'opacity-50'} onClick={keys['0']} />
      <IconButton icon={Grid2x2} label="Show pixels" aria-pressed={pixels} className={pixels ? 'bg-raised text-ink!' : ''} onClick={() => onPixels(!pixels)} />
    </div>
  );
}

const farEnough = 60;

/** Sweeps of a finger from side to side. */
function useSwipe(onSwipe: ((way: 1 | -1) => void) | undefined) {
  const from = useRef<{ x: number; y: number; id: number } | null>(null);
  return {
    onPointerDown: (event: PointerEvent) => {
      // A second finger makes it a pinch.
      from.current = event.pointerType === 'touch' && event.isPrimary ? { x: event.clientX, y: event.clientY, id: event.pointerId } : null;
    },
    onPointerUp: (event: PointerEvent) => {
      const begun = from.current;
      from.current = null;
      if (!begun || begun.id !== event.pointerId || !onSwipe) return;
      const [across, down] = [event.clientX - begun.x, event.clientY - begun.y];
      if (Math.abs(across) > farEnough && Math.abs(across) > 2 * Math.abs(down)) onSwipe(across < 0 ? 1 : -1);
    },
  };
}
