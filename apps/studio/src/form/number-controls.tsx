import { Dices, Lock, LockOpen } from 'lucide-react';
import { Slider } from 'radix-ui';
import { useState } from 'react';
import type { ParameterProps } from '../task-views/index.ts';
import { IconButton } from '../ui/button.tsx';
import { inputLook } from '../ui/fields.tsx';
import type { Field } from './fields.ts';

/** What the control of one field gets. */
export interface ControlProps<F extends Field = Field> extends ParameterProps {
  readonly field: F;
}

type NumberField = Extract<Field, { kind: 'slider' | 'number' | 'seed' }>;

/** Keeps what is typed until it is a number, so that a half-written one is not thrown away. */
export function NumberInput({
  field,
  value,
  onChange,
  id,
  describedBy,
  invalid,
  className = '',
  label,
}: ControlProps<NumberField> & { className?: string; label?: string }) {
  const [typed, setTyped] = useState<string | null>(null);
  const shown = typed ?? (value === undefined ? '' : String(value));
  const change = (text: string) => {
    setTyped(text);
    if (text.trim() === '') onChange(undefined);
    else onChange(Number(text));
  };
  return (
    <input
      id={id}
      aria-label={label}
      aria-describedby={describedBy}
      aria-invalid={invalid}
      inputMode="decimal"
      autoComplete="off"
      placeholder={field.kind === 'seed' ? 'Random' : field.standard === undefined ? 'Automatic' : undefined}
      value={shown}
      onChange={(event) => change(event.target.value)}
      onBlur={() => setTyped(null)}
      className={`${inputLook} number h-9 text-sm! ${className}`}
    />
  );
}

/** A number that is dragged or written. */
export function SliderControl({ field, value, onChange, ...wiring }: ControlProps<Extract<Field, { kind: 'slider' | 'number' }>>) {
  const number = typeof value === 'number' && Number.isFinite(value) ? value : (field.min ?? 0);
  return (
    <div className="flex h-9 items-center gap-3">
      <Slider.Root
        min={field.min ?? 0}
        max={field.max ?? 100}
        step={field.step}
        value={[number]}
        onValueChange={([next]) => onChange(next)}
        className="relative flex h-9 grow touch-none items-center"
      >
        <Slider.Track className="relative h-1.5 grow rounded-full bg-pressed">
          <Slider.Range className="absolute h-full rounded-full bg-line-strong" />
        </Slider.Track>
        <Slider.Thumb
          aria-label={`${field.title} slider`}
          aria-describedby={wiring.describedBy}
          className="block size-4.5 rounded-full border-2 border-surface bg-ink shadow-float"
        />
      </Slider.Root>
      <NumberInput field={field} value={value} onChange={onChange} {...wiring} className="w-18! px-2! text-right" />
    </div>
  );
}

const drawSeed = () => crypto.getRandomValues(new Uint32Array(1))[0];

/** A seed that is kept, or one that is drawn each time it runs. */
export function SeedControl({ field, value, onChange, ...wiring }: ControlProps<Extract<Field, { kind: 'seed' }>>) {
  const kept = value !== undefined;
  const toggle = kept ? 'Random at each run' : 'Keep this one';
  return (
    <div className="flex items-center gap-2">
      <NumberInput field={field} value={value} onChange={onChange} {...wiring} />
      <IconButton icon={Dices} look="plain" label={`Random ${field.title.toLowerCase()}`} onClick={() => onChange(drawSeed())} />
      <IconButton
        icon={kept ? Lock : LockOpen}
        look={kept ? 'soft' : 'plain'}
        aria-pressed={kept}
        label={`${field.title}: ${toggle.toLowerCase()}`}
        onClick={() => onChange(kept ? undefined : drawSeed())}
      />
    </div>
  );
}
