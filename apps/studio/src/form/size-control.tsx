import { ArrowLeftRight } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import { IconButton } from '../ui/button.tsx';
import { Select } from '../ui/select.tsx';
import type { SideField } from './fields.ts';
import { type Area, type Aspect, areas, aspects, type ImageSize, type NativeSize, presetOf, sizeOf } from './size-presets.ts';

interface SizeControlProps {
  sides: readonly [SideField, SideField];
  size: Partial<ImageSize>;
  /** What the model that draws says of itself; undefined if none is known, and then only the fields are there. */
  native: NativeSize | undefined;
  onChange: (size: Partial<ImageSize>) => void;
  /** The fields of width and height. */
  children: [ReactNode, ReactNode];
}

const areaWords: Record<Area, string> = { small: 'Smaller, quicker', own: "The model's own", large: 'Larger, slower' };

/** Width and height with the proportions and sizes that the model can draw. */
export function SizeControl({ sides, size, native, onChange, children: [width, height] }: SizeControlProps) {
  return (
    <fieldset className="min-w-0 sm:col-span-2">
      <legend className="mb-1.5 text-sm font-medium">Image size</legend>
      {native && <Presets sides={sides} size={size} native={native} onChange={onChange} />}
      <div className="grid grid-cols-[minmax(0,1fr)_auto_minmax(0,1fr)] gap-x-2">
        {width}
        <Swap size={size} native={native} onChange={onChange} />
        {height}
      </div>
    </fieldset>
  );
}

type PresetsProps = Pick<SizeControlProps, 'sides' | 'size' | 'onChange'> & { native: NativeSize };

function Presets({ sides, size, native, onChange }: PresetsProps) {
  const chosen = presetOf(size, native, sides);
  if (native.only) return <OnlySize size={size} native={native} />;
  const choose = (aspect: Aspect, area: Area) =>
    onChange(aspect === '1:1' && area === 'own' ? { width: undefined, height: undefined } : (sizeOf(aspect, area, native, sides) ?? size));
  const area = chosen?.area ?? 'own';
  return (
    <>
      <div className="mb-3 flex flex-wrap gap-1.5">
        {aspects.map((aspect) => {
          const preset = sizeOf(aspect, area, native, sides);
          return (
            preset && <AspectButton key={aspect} aspect={aspect} preset={preset} pressed={chosen?.aspect === aspect} onChoose={() => choose(aspect, area)} />
          );
        })}
      </div>
      <AreaSelect sides={sides} native={native} chosen={chosen} onChoose={(next) => choose(chosen?.aspect ?? '1:1', next)} />
    </>
  );
}

/** A model with one size leaves nothing to choose; what somebody wrote for another model is said to be wrong. */
function OnlySize({ size, native: { side, title } }: Pick<PresetsProps, 'size' | 'native'>) {
  const other = (size.width ?? side) !== side || (size.height ?? side) !== side;
  return (
    <p role="status" className={`mb-3 text-sm text-pretty ${other ? 'text-warn' : 'text-muted'}`}>
      {title} draws images of {side} × {side} pixels only.{other && ' Leave both fields empty, or choose another model.'}
    </p>
  );
}

function AspectButton({ aspect, preset, pressed, onChoose }: { aspect: Aspect; preset: ImageSize; pressed: boolean; onChoose: () => void }) {
  const [across = 1, down = 1] = aspect.split(':').map(Number);
  const scale = 14 / Math.max(across, down);
  return (
    <button
      type="button"
      aria-pressed={pressed}
      aria-label={`${aspect}, ${preset.width} × ${preset.height} pixels`}
      onClick={onChoose}
      className="inline-flex h-8 items-center gap-2 rounded-lg border border-line px-2.5 text-sm text-muted transition-colors hover:bg-raised hover:text-ink aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-accent-ink"
    >
      <span aria-hidden className="rounded-[2px] border-[1.5px] border-current" style={{ width: across * scale, height: down * scale }} />
      <span className="number">{aspect}</span>
    </button>
  );
}

interface AreaSelectProps {
  sides: SizeControlProps['sides'];
  native: NativeSize;
  chosen: ReturnType<typeof presetOf>;
  onChoose: (area: Area) => void;
}

function AreaSelect({ sides, native, chosen, onChoose }: AreaSelectProps) {
  const id = useId();
  const options = (Object.keys(areas) as Area[]).flatMap((area) => {
    const size = sizeOf(chosen?.aspect ?? '1:1', area, native, sides);
    return size ? [{ value: area as string, label: `${areaWords[area]} · ${size.width} × ${size.height}` }] : [];
  });
  if (options.length < 2) return null;
  return (
    <div className="mb-3">
      <Select
        id={id}
        label="Pixels"
        value={chosen?.area ?? 'other'}
        onChange={(area) => area !== 'other' && onChoose(area as Area)}
        options={chosen ? options : [{ value: 'other', label: 'Your own size' }, ...options]}
        className="w-full"
      />
    </div>
  );
}

/** Turns the image on its side. */
function Swap({ size, native, onChange }: Pick<SizeControlProps, 'size' | 'native' | 'onChange'>) {
  const [width, height] = [size.width ?? native?.side, size.height ?? native?.side];
  return (
    <IconButton
      icon={ArrowLeftRight}
      label="Swap width and height"
      disabled={width === height}
      onClick={() => onChange({ width: height, height: width })}
      className="mt-[30px]"
    />
  );
}
