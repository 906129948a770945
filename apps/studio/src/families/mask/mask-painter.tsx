import { Brush, Contrast, Eraser, type LucideIcon, Redo2, Trash2, Undo2, ZoomIn, ZoomOut } from 'lucide-react';
import { Slider } from 'radix-ui';
import { useEffect, useRef, useState } from 'react';
import { typing } from '../../frame/typing.ts';
import { IconButton } from '../../ui/button.tsx';
import { MaskCanvas } from './mask-canvas.tsx';
import { brushRange, type MaskHistory, redone, undone, withDeed } from './mask-history.ts';

interface MaskPainterProps {
  src: string;
  history: MaskHistory;
  onChange: (history: MaskHistory) => void;
  /** Told once, when the picture has been read. */
  onSize: (size: { width: number; height: number }) => void;
}

/** Paints a mask over a picture. What it makes is `history`; the picture itself is never drawn on. */
export function MaskPainter({ src, history, onChange, onSize }: MaskPainterProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<{ width: number; height: number } | null>(null);
  const [brush, setBrush] = useState({ diameter: 16, erase: false });
  const [zoom, setZoom] = useState(1);
  const fitting = useFitting(frame, size);
  const range = size ? brushRange(size.width, size.height) : { min: 1, max: 64, first: 16 };
  const resize = (factor: number) => setBrush((one) => ({ ...one, diameter: scaledDiameter(one.diameter, factor, range) }));
  const scaled = (factor: number) => setZoom((one) => Math.max(1, Math.min(16, one * factor)));
  const deeds: Record<string, () => void> = {
    z: () => onChange(undone(history)),
    Z: () => onChange(redone(history)),
    y: () => onChange(redone(history)),
  };
  const keys: Record<string, () => void> = {
    b: () => setBrush((one) => ({ ...one, erase: false })),
    e: () => setBrush((one) => ({ ...one, erase: true })),
    i: () => onChange(withDeed(history, { kind: 'invert' })),
    '[': () => resize(1 / 1.25),
    ']': () => resize(1.25),
    '+': () => scaled(1.5),
    '-': () => scaled(1 / 1.5),
  };
  usePainterKeys(keys, deeds);
  return (
    <div className="flex min-h-0 flex-col gap-3">
      <div className="flex flex-wrap items-center gap-x-1 gap-y-2">
        <Toggle icon={Brush} label="Brush" keyName="B" on={!brush.erase} onClick={() => keys.b?.()} />
        <Toggle icon={Eraser} label="Eraser" keyName="E" on={brush.erase} onClick={() => keys.e?.()} />
        <Size value={brush.diameter} range={range} onChange={(diameter) => setBrush((one) => ({ ...one, diameter }))} />
        <span className="mx-1 h-5 w-px bg-line max-sm:hidden" />
        <IconButton icon={Undo2} label="Undo (Ctrl Z)" disabled={history.done === 0} onClick={deeds.z} />
        <IconButton icon={Redo2} label="Redo (Ctrl Shift Z)" disabled={history.done === history.deeds.length} onClick={deeds.y} />
        <IconButton icon={Contrast} label="Invert (I)" onClick={keys.i} />
        <IconButton icon={Trash2} label="Clear" disabled={history.done === 0} onClick={() => onChange(withDeed(history, { kind: 'clear' }))} />
        <span className="mx-1 h-5 w-px bg-line max-sm:hidden" />
        <IconButton icon={ZoomOut} label="Zoom out (-)" disabled={zoom === 1} onClick={keys['-']} />
        <span className="number w-11 text-center text-xs text-muted">{Math.round(fitting * zoom * 100)} %</span>
        <IconButton icon={ZoomIn} label="Zoom in (+)" disabled={zoom >= 16} onClick={keys['+']} />
      </div>
      <div ref={frame} className="flex h-[min(46dvh,560px)] sm:h-[min(56dvh,560px)] min-h-48 overflow-auto rounded-xl bg-well p-2">
        {size ? (
          <MaskCanvas src={src} size={size} scale={fitting * zoom} history={history} brush={brush} onChange={onChange} />
        ) : (
          <img
            src={src}
            alt=""
            className="invisible size-px"
            onLoad={({ currentTarget: { naturalWidth: width, naturalHeight: height } }) => {
              setSize({ width, height });
              setBrush({ diameter: brushRange(width, height).first, erase: false });
              onSize({ width, height });
            }}
          />
        )}
      </div>
    </div>
  );
}

/** The brush larger or smaller, by a pixel at least. */
function scaledDiameter(diameter: number, factor: number, { min, max }: { min: number; max: number }): number {
  const scaled = factor > 1 ? Math.max(diameter + 1, diameter * factor) : diameter * factor;
  return Math.round(Math.max(min, Math.min(max, scaled)));
}

type Deeds = Readonly<Record<string, () => void>>;

/** The painter's keys work from the moment it opens, wherever in its window the focus is. */
function usePainterKeys(keys: Deeds, withControl: Deeds): void {
  const latest = useRef({ keys, withControl });
  latest.current = { keys, withControl };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const { current } = latest;
      const deed = (event.ctrlKey || event.metaKey ? current.withControl : current.keys)[event.key];
      if (!deed || event.altKey || event.defaultPrevented || typing(event.target)) return;
      event.preventDefault();
      deed();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

/** How much a picture is scaled to fit its frame. */
function useFitting(frame: React.RefObject<HTMLElement | null>, size: { width: number; height: number } | null): number {
  const [room, setRoom] = useState({ width: 320, height: 320 });
  useEffect(() => {
    if (!frame.current) return;
    const observer = new ResizeObserver(([entry]) => entry && setRoom({ width: entry.contentRect.width, height: entry.contentRect.height }));
    observer.observe(frame.current);
    return () => observer.disconnect();
  }, [frame]);
  return size ? Math.max(0.02, Math.min(room.width / size.width, room.height / size.height)) : 1;
}

interface ToggleProps {
  icon: LucideIcon;
  label: string;
  keyName: string;
  on: boolean;
  onClick: () => void;
}

function Toggle({ icon, label, keyName, on, onClick }: ToggleProps) {
  return <IconButton icon={icon} label={`${label} (${keyName})`} look={on ? 'soft' : 'quiet'} aria-pressed={on} onClick={onClick} />;
}

function Size({ value, range, onChange }: { value: number; range: { min: number; max: number }; onChange: (diameter: number) => void }) {
  return (
    <div className="flex items-center gap-2 px-2">
      <Slider.Root
        min={range.min}
        max={range.max}
        value={[value]}
        onValueChange={([next]) => next !== undefined && onChange(next)}
        className="relative flex h-9 w-28 touch-none items-center"
      >
        <Slider.Track className="relative h-1.5 grow rounded-full bg-pressed">
          <Slider.Range className="absolute h-full rounded-full bg-line-strong" />
        </Slider.Track>
        <Slider.Thumb aria-label="Brush size" className="block size-4.5 rounded-full border-2 border-surface bg-ink shadow-float" />
      </Slider.Root>
      <span className="number w-12 text-xs text-muted">{value} px</span>
    </div>
  );
}
