import { ChevronsLeftRight } from 'lucide-react';
import { type KeyboardEvent, type PointerEvent, useState } from 'react';

interface WipeProps {
  one: { readonly src: string; readonly name: string };
  other: { readonly src: string; readonly name: string };
}

const within = (percent: number) => Math.max(0, Math.min(100, percent));

/** Two images over each other, of which a slider shows more of the one or of the other. */
export function Wipe({ one, other }: WipeProps) {
  const [percent, setPercent] = useState(50);
  const [ratio, setRatio] = useState(1);
  const steps: Record<string, number> = { ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2, PageDown: -10, PageUp: 10, Home: -100, End: 100 };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = steps[event.key];
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    setPercent((before) => within(before + step));
  };
  const follow = ({ currentTarget, clientX }: PointerEvent<HTMLElement>) => {
    const { left, width } = currentTarget.getBoundingClientRect();
    setPercent(Math.round(within(((clientX - left) / width) * 100)));
  };
  return (
    <div
      role="slider"
      tabIndex={0}
      aria-label="How much of the left image is shown"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      aria-valuetext={`${percent} %`}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        follow(event);
      }}
      onPointerMove={(event) => event.currentTarget.hasPointerCapture(event.pointerId) && follow(event)}
      style={{ aspectRatio: ratio, width: `min(100%, calc(52dvh * ${ratio}))` }}
      className="relative mx-auto cursor-ew-resize touch-pan-y overflow-hidden rounded-xl bg-well select-none"
    >
      <img
        src={other.src}
        alt={`Right: ${other.name}`}
        draggable={false}
        className="absolute inset-0 size-full object-contain"
        style={{ clipPath: `inset(0 0 0 ${percent}%)` }}
      />
      <img
        src={one.src}
        alt={`Left: ${one.name}`}
        draggable={false}
        onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => setRatio(naturalWidth / naturalHeight)}
        className="absolute inset-0 size-full object-contain"
        style={{ clipPath: `inset(0 ${100 - percent}% 0 0)` }}
      />
      <Side side="left" shown={percent > 12}>
        Left
      </Side>
      <Side side="right" shown={percent < 88}>
        Right
      </Side>
      <Handle percent={percent} />
    </div>
  );
}

/** The line between the images, with what one takes hold of. */
function Handle({ percent }: { percent: number }) {
  return (
    <span aria-hidden className="pointer-events-none absolute inset-y-0 w-0.5 -translate-x-1/2 bg-[oklch(1_0_0)] shadow-float" style={{ left: `${percent}%` }}>
      <span className="absolute top-1/2 left-1/2 grid size-11 -translate-1/2 place-items-center rounded-full bg-[oklch(1_0_0)] text-[oklch(0.2_0_0)] shadow-float">
        <ChevronsLeftRight className="size-5" />
      </span>
    </span>
  );
}

function Side({ side, shown, children }: { side: 'left' | 'right'; shown: boolean; children: string }) {
  const place = side === 'left' ? 'left-2' : 'right-2';
  return (
    <span
      aria-hidden
      className={`pointer-events-none absolute top-2 rounded-md bg-[oklch(0.15_0.005_60/0.78)] px-2 py-0.5 text-xs text-[oklch(0.97_0_0)] transition-opacity duration-150 ${place} ${shown ? '' : 'opacity-0'}`}
    >
      {children}
    </span>
  );
}
