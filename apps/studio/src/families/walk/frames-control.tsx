import { limits } from '@atelier/protocol';
import { Slider } from 'radix-ui';
import { useId, useState } from 'react';
import { inputLook } from '../../ui/fields.tsx';
import { formatSeconds } from '../../units/time.ts';

const [fewest, most] = [2, limits.walkFrames];
const places = 1000;

/** A slider over three orders of magnitude: equal ways are equal factors. */
const toPlace = (frames: number) => Math.round((Math.log(Math.max(fewest, frames) / fewest) / Math.log(most / fewest)) * places);
function toFrames(place: number): number {
  const frames = fewest * (most / fewest) ** (place / places);
  return frames < 20 ? Math.round(frames) : frames < 200 ? Math.round(frames / 2) * 2 : Math.round(frames / 10) * 10;
}

interface FramesControlProps {
  value: number;
  framesPerSecond: number;
  problem?: string | undefined;
  onChange: (frames: number | undefined) => void;
}

/** How many frames the whole walk has, by slider or as a number. */
export function FramesControl({ value, framesPerSecond, problem, onChange }: FramesControlProps) {
  const id = useId();
  const [typed, setTyped] = useState<string | null>(null);
  const shown = Number.isFinite(value) ? value : fewest;
  const type = (text: string) => {
    setTyped(text);
    onChange(text.trim() === '' ? undefined : Number(text));
  };
  return (
    <div className="min-w-0 grow">
      <div className="flex items-center gap-3">
        <label htmlFor={id} className="text-sm font-medium">
          Frames
        </label>
        <Slider.Root
          min={0}
          max={places}
          value={[toPlace(shown)]}
          onValueChange={([place]) => onChange(toFrames(place ?? 0))}
          className="relative flex h-9 min-w-16 grow touch-none items-center"
        >
          <Slider.Track className="relative h-1.5 grow rounded-full bg-pressed">
            <Slider.Range className="absolute h-full rounded-full bg-line-strong" />
          </Slider.Track>
          <Slider.Thumb
            aria-label="Frames slider"
            aria-valuetext={`${shown} frames`}
            className="block size-4.5 rounded-full border-2 border-surface bg-ink shadow-float"
          />
        </Slider.Root>
        <input
          id={id}
          inputMode="numeric"
          autoComplete="off"
          aria-describedby={`${id}-hint`}
          aria-invalid={problem ? true : undefined}
          value={typed ?? String(value)}
          onChange={(event) => type(event.target.value)}
          onBlur={() => setTyped(null)}
          className={`${inputLook} number h-9 w-18! px-2! text-right text-sm!`}
        />
      </div>
      <p id={`${id}-hint`} className={`mt-0.5 text-xs ${problem ? 'text-bad' : 'text-muted'}`}>
        {problem ?? `${formatSeconds(shown / framesPerSecond)} at ${framesPerSecond} frames a second`}
      </p>
    </div>
  );
}
