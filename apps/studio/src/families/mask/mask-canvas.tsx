import { type KeyboardEvent, type PointerEvent, type RefObject, useEffect, useRef, useState } from 'react';
import { drawHistory, drawStroke } from './draw-mask.ts';
import { type MaskDeed, type MaskHistory, type MaskPoint, withDeed } from './mask-history.ts';

type Stroke = Extract<MaskDeed, { kind: 'stroke' }>;

interface MaskCanvasProps {
  /** The picture that lies under the mask. */
  src: string;
  size: { width: number; height: number };
  /** Pixels on the screen for one of the picture. */
  scale: number;
  history: MaskHistory;
  brush: { diameter: number; erase: boolean };
  onChange: (history: MaskHistory) => void;
}

/** The picture with the mask over it. By pointer one draws; by keys one moves the brush with the arrows and dabs with Space. */
export function MaskCanvas({ src, size, scale, history, brush, onChange }: MaskCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [at, setAt] = useState<Place | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a canvas of another size is empty again.
  useEffect(() => drawHistory(penOf(canvas), history), [history, size.width, size.height]);

  // By keys one paints at once; the window's first button would have the focus otherwise.
  useEffect(() => canvas.current?.focus({ preventScroll: true }), []);

  const painted = (points: readonly MaskPoint[], erase: boolean) => onChange(withDeed(history, strokeOf(points, erase, brush.diameter)));
  const { stroking, ...pointer } = useStroke(canvas, size, brush, setAt, painted);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = arrows[event.key];
    const from = at ?? { x: size.width / 2, y: size.height / 2 };
    if (step) {
      const pixels = event.shiftKey ? 1 : Math.max(1, brush.diameter / 2);
      const within = (value: number, most: number) => Math.max(0, Math.min(most, value));
      setAt({ x: within(from.x + step[0] * pixels, size.width), y: within(from.y + step[1] * pixels, size.height) });
    } else if (event.key === ' ') {
      setAt(from);
      painted([{ ...from, pressure: 0.5 }], brush.erase);
    } else return;
    event.preventDefault();
  };
  return (
    <div className="relative m-auto shrink-0 touch-none overflow-hidden rounded-lg" style={{ width: size.width * scale, height: size.height * scale }}>
      <img src={src} alt="" draggable={false} className="absolute inset-0 size-full" style={{ imageRendering: scale >= 4 ? 'pixelated' : 'auto' }} />
      <canvas
        ref={canvas}
        width={size.width}
        height={size.height}
        tabIndex={0}
        role="img"
        aria-label="Mask over the image. Arrow keys move the brush, Space paints."
        {...pointer}
        onPointerLeave={() => stroking() || setAt(null)}
        onKeyDown={onKeyDown}
        className="mask-tint absolute inset-0 size-full cursor-none opacity-65 focus-visible:-outline-offset-2"
      />
      {at && <Brush at={at} scale={scale} diameter={brush.diameter} erase={brush.erase} />}
    </div>
  );
}

interface Place {
  readonly x: number;
  readonly y: number;
}

const penOf = (canvas: RefObject<HTMLCanvasElement | null>) => canvas.current?.getContext('2d') as CanvasRenderingContext2D;
const strokeOf = (points: readonly MaskPoint[], erase: boolean, diameter: number): Stroke => ({ kind: 'stroke', erase, diameter, points });

/** Draws along the pointer, at once on the canvas; the whole stroke is told when it ends. */
function useStroke(
  canvas: RefObject<HTMLCanvasElement | null>,
  size: MaskCanvasProps['size'],
  brush: MaskCanvasProps['brush'],
  onPlace: (place: Place) => void,
  onEnd: (points: readonly MaskPoint[], erase: boolean) => void,
) {
  const stroke = useRef<{ points: MaskPoint[]; erase: boolean } | null>(null);
  const place = (event: { clientX: number; clientY: number; pressure: number; pointerType: string }): MaskPoint => {
    const box = (canvas.current as HTMLCanvasElement).getBoundingClientRect();
    const along = (value: number, from: number, span: number, pixels: number) => ((value - from) / span) * pixels;
    return {
      x: along(event.clientX, box.left, box.width, size.width),
      y: along(event.clientY, box.top, box.height, size.height),
      pressure: event.pointerType === 'pen' ? event.pressure : 0.5,
    };
  };
  const draw = ({ points, erase }: { points: MaskPoint[]; erase: boolean }, from?: number) =>
    drawStroke(penOf(canvas), strokeOf(points, erase, brush.diameter), from);
  const end = () => {
    const drawn = stroke.current;
    stroke.current = null;
    if (drawn) onEnd(drawn.points, drawn.erase);
  };
  return {
    stroking: () => stroke.current !== null,
    onPointerDown: (event: PointerEvent<HTMLCanvasElement>) => {
      if (event.button !== 0 && event.button !== 5) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      // The other end of a pen is button 5: it erases whatever is chosen.
      stroke.current = { points: [place(event)], erase: brush.erase || event.button === 5 };
      draw(stroke.current);
    },
    onPointerMove: (event: PointerEvent<HTMLCanvasElement>) => {
      onPlace(place(event));
      const drawn = stroke.current;
      if (!drawn) return;
      const passed = event.nativeEvent.getCoalescedEvents?.() ?? [];
      const from = drawn.points.length;
      drawn.points.push(...(passed.length > 0 ? passed : [event.nativeEvent]).map(place));
      draw(drawn, from);
    },
    onPointerUp: end,
    onPointerCancel: end,
  };
}

const arrows: Record<string, readonly [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** The brush as a ring, seen on light and on dark pictures. */
function Brush({ at, scale, diameter, erase }: { at: { x: number; y: number }; scale: number; diameter: number; erase: boolean }) {
  const side = Math.max(4, diameter * scale);
  return (
    <span
      aria-hidden
      className={`pointer-events-none absolute rounded-full border border-white shadow-[0_0_0_1px_oklch(0_0_0/0.7)] ${erase ? 'border-dashed' : ''}`}
      style={{ width: side, height: side, left: at.x * scale - side / 2, top: at.y * scale - side / 2 }}
    />
  );
}
