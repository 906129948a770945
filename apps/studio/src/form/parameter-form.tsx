import { ChevronRight, Dices, Lock, LockOpen, RotateCcw } from 'lucide-react';
import { Slider } from 'radix-ui';
import { type ReactNode, useId, useState } from 'react';
import { Link } from 'react-router';
import { IconButton } from '../ui/button.tsx';
import { inputLook } from '../ui/fields.tsx';
import { Select } from '../ui/select.tsx';
import { Switch } from '../ui/switch.tsx';
import { complaint, type Field, fieldsOf, type SideField, sidesOf } from './fields.ts';
import { SizeControl } from './size-control.tsx';
import type { NativeSize } from './size-presets.ts';

interface FormProps {
  /** JSON Schema of the parameters. */
  schema: Record<string, unknown>;
  /** Only what was chosen; the rest is at its default. */
  values: Readonly<Record<string, unknown>>;
  /** Parameters that change together; `undefined` puts one back to its default. */
  onChange: (changes: Readonly<Record<string, unknown>>) => void;
  /** What the model that draws says of its images, for the sizes that are offered; undefined where it is not known. */
  native?: NativeSize | undefined;
  /** What the coordinator found wrong, by parameter. */
  problems?: Readonly<Record<string, string>>;
}

/** The controls of a task's parameters, with those for connoisseurs folded. */
export function ParameterForm({ schema, values, onChange, native, problems = {} }: FormProps) {
  const fields = fieldsOf(schema);
  const sides = sidesOf(fields);
  const control = (field: Field) => (
    <Control key={field.name} field={field} value={values[field.name]} onChange={(value) => onChange({ [field.name]: value })} refused={problems[field.name]} />
  );
  const show = (field: Field) => {
    if (!sides?.some((side) => side === field)) return control(field);
    return field === sides[0] ? <SizeGroup key="size" sides={sides} values={values} native={native} onChange={onChange} control={control} /> : null;
  };
  const advanced = fields.filter((field) => field.advanced);
  if (fields.length === 0) return <p className="text-sm text-muted">Nothing to set.</p>;
  return (
    <div className="flex flex-col gap-4">
      <div className="grid gap-x-6 gap-y-4 sm:grid-cols-2">{fields.filter((field) => !field.advanced).map(show)}</div>
      {advanced.length > 0 && (
        <details className="group/advanced" open={advanced.some((field) => problems[field.name] ?? complaint(field, values[field.name])) || undefined}>
          <summary className="inline-flex list-none items-center gap-1 rounded-md text-sm font-medium text-muted hover:text-ink">
            <ChevronRight aria-hidden className="size-4 transition-transform duration-150 group-open/advanced:rotate-90" />
            Advanced
          </summary>
          <div className="mt-3 grid gap-x-6 gap-y-4 sm:grid-cols-2">{advanced.map(show)}</div>
        </details>
      )}
    </div>
  );
}

interface SizeGroupProps extends Pick<FormProps, 'values' | 'native' | 'onChange'> {
  sides: readonly [SideField, SideField];
  control: (field: Field) => ReactNode;
}

/** Width and height as one thing. */
function SizeGroup({ sides, values, native, onChange, control }: SizeGroupProps) {
  const [width, height] = sides;
  const sideOf = (field: SideField) => {
    const value = values[field.name] ?? field.standard;
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
  };
  return (
    <SizeControl
      sides={sides}
      size={{ width: sideOf(width), height: sideOf(height) }}
      native={native}
      onChange={(size) => onChange({ [width.name]: size.width, [height.name]: size.height })}
    >
      {control(width)}
      {control(height)}
    </SizeControl>
  );
}

interface ControlProps<F extends Field = Field> {
  field: F;
  value: unknown;
  onChange: (value: unknown) => void;
}

/** What every control of one field gets: its ids and what it shows. */
interface Wiring {
  id: string;
  describedBy: string;
  invalid: true | undefined;
}

function Control({ field, value, onChange, refused }: ControlProps & { refused?: string | undefined }) {
  const id = useId();
  const shown = value ?? field.standard;
  const problem = complaint(field, value) ?? refused;
  const wiring: Wiring = { id, describedBy: `${id}-hint`, invalid: problem === undefined ? undefined : true };
  const wide = field.kind === 'textarea' || field.kind === 'list' || field.kind === 'objects';
  return (
    <div className={wide ? 'sm:col-span-2' : ''}>
      <div className="mb-1.5 flex min-h-6 items-center justify-between gap-2">
        <label htmlFor={id} id={`${id}-label`} className="text-sm font-medium">
          {field.title}
          {field.unit && <span className="font-normal text-muted"> ({field.unit})</span>}
        </label>
        {value !== undefined && field.kind !== 'seed' && field.kind !== 'objects' && field.standard !== undefined && !same(value, field.standard) && (
          <IconButton icon={RotateCcw} label={`Reset ${field.title}`} size="small" className="-my-1 size-6!" onClick={() => onChange(undefined)} />
        )}
      </div>
      {control(field, shown, onChange, wiring)}
      <p id={wiring.describedBy} className={`mt-1 text-xs text-pretty empty:hidden ${problem ? 'text-bad' : 'text-muted'}`}>
        {problem ?? field.description}
      </p>
    </div>
  );
}

function control(field: Field, value: unknown, onChange: (value: unknown) => void, wiring: Wiring): ReactNode {
  const { id, describedBy, invalid } = wiring;
  switch (field.kind) {
    case 'slider':
      return <SliderControl field={field} value={value} onChange={onChange} {...wiring} />;
    case 'seed':
      return <SeedControl field={field} value={value} onChange={onChange} {...wiring} />;
    case 'number':
      return <NumberInput value={value} onChange={onChange} field={field} {...wiring} />;
    case 'select':
      return (
        <Select
          id={id}
          label={field.title}
          value={String(value ?? '')}
          onChange={onChange}
          options={field.options.map((option) => ({ value: option, label: spoken(field.name, option) }))}
        />
      );
    case 'switch':
      return <Switch id={id} checked={value === true} onChange={onChange} describedBy={describedBy} />;
    case 'objects':
      return <ObjectsControl id={id} value={value} />;
    case 'list': {
      const text = Array.isArray(value) ? value.join('\n') : '';
      const change = (lines: string) => onChange(lines === '' ? undefined : lines.split('\n'));
      return (
        <textarea
          id={id}
          aria-describedby={describedBy}
          aria-invalid={invalid}
          rows={2}
          placeholder="One per line"
          value={text}
          onChange={(event) => change(event.target.value)}
          className={`${inputLook} py-2 text-sm`}
        />
      );
    }
    case 'textarea':
      return (
        <textarea
          id={id}
          aria-describedby={describedBy}
          aria-invalid={invalid}
          rows={2}
          maxLength={field.maxLength}
          value={String(value ?? '')}
          onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.value)}
          className={`${inputLook} field-sizing-content max-h-48 min-h-10 py-2 text-sm`}
        />
      );
    default:
      return (
        <input
          id={id}
          aria-describedby={describedBy}
          aria-invalid={invalid}
          value={String(value ?? '')}
          onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.value)}
          className={`${inputLook} h-9 text-sm`}
        />
      );
  }
}

type NumberField = Extract<Field, { kind: 'slider' | 'number' | 'seed' }>;

/** Keeps what is typed until it is a number, so that a half-written one is not thrown away. */
function NumberInput({
  field,
  value,
  onChange,
  id,
  describedBy,
  invalid,
  className = '',
  label,
}: ControlProps<NumberField> & Wiring & { className?: string; label?: string }) {
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

function SliderControl({ field, value, onChange, ...wiring }: ControlProps<Extract<Field, { kind: 'slider' | 'number' }>> & Wiring) {
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
function SeedControl({ field, value, onChange, ...wiring }: ControlProps<Extract<Field, { kind: 'seed' }>> & Wiring) {
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

/** A walk's keyframes, in a line; they are edited on a page of their own. */
function ObjectsControl({ id, value }: { id: string; value: unknown }) {
  const rows = Array.isArray(value) ? (value as Array<{ prompt?: unknown }>) : [];
  const words = rows.map((row, index) => (typeof row?.prompt === 'string' ? row.prompt : `number ${index + 1}`)).join(' → ');
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2 rounded-lg border border-line bg-well px-3 py-2">
      <output id={id} className="min-w-0 grow text-sm break-words">
        {words || 'None yet'}
      </output>
      <Link to="/walks" className="text-sm font-medium text-accent-ink underline underline-offset-2">
        Edit on the Walks page
      </Link>
    </div>
  );
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

const written: Record<string, string> = {
  ...{ mp4: 'MP4', webp: 'WebP', gif: 'GIF', auto: "Automatic: the model's own" },
  ...{ ddim: 'DDIM', 'dpmpp-2m': 'DPM++ 2M', unipc: 'UniPC', lcm: 'LCM' },
  ...{ 'sigmas.model': "The model's own", 'sigmas.karras': 'Karras' },
  ...{ 'textPath.lerp': 'Straight', 'textPath.slerp': 'Along the sphere' },
  ...{ 'noise.same': 'The same throughout', 'noise.slerp': 'Turned from keyframe to keyframe' },
  ...{ 'easing.linear': 'Even', 'easing.smooth': 'Slow near keyframes', 'easing.hold': 'Resting at keyframes' },
};

/** `picture-prompt` as "Picture prompt"; what has a better word, in that. */
const spoken = (name: string, option: string) =>
  written[`${name}.${option}`] ?? written[option] ?? option.charAt(0).toUpperCase() + option.slice(1).replaceAll('-', ' ');
