import { ChevronRight, RotateCcw } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import { FamilyView, viewsOfTask } from '../task-views/index.ts';
import { Skeleton } from '../ui/blocks.tsx';
import { IconButton } from '../ui/button.tsx';
import { FieldControl } from './controls.tsx';
import { complaint, type Field, fieldsOf, type SideField, sidesOf } from './fields.ts';
import { SizeControl } from './size-control.tsx';
import type { NativeSize } from './size-presets.ts';

interface FormProps {
  /** Whose parameters they are, so that its family can bring controls of its own. */
  task?: string;
  /** JSON Schema of the parameters. */
  schema: Record<string, unknown>;
  /** Only what was chosen; the rest is at its default. */
  values: Readonly<Record<string, unknown>>;
  /** Parameters that change together; `undefined` puts one back to its default. */
  onChange: (changes: Readonly<Record<string, unknown>>) => void;
  /** What the model that draws says of its images, for the sizes that are offered; undefined if it is not known. */
  native?: NativeSize | undefined;
  /** What the coordinator found wrong, by parameter. */
  problems?: Readonly<Record<string, string>>;
}

/** The controls of a task's parameters, with those for connoisseurs folded. */
export function ParameterForm({ task, schema, values, onChange, native, problems = {} }: FormProps) {
  const fields = fieldsOf(schema);
  const sides = sidesOf(fields);
  const control = (field: Field) => (
    <Control
      key={field.name}
      task={task}
      field={field}
      value={values[field.name]}
      onChange={(value) => onChange({ [field.name]: value })}
      refused={problems[field.name]}
    />
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

interface ControlProps {
  task: string | undefined;
  field: Field;
  value: unknown;
  onChange: (value: unknown) => void;
  refused: string | undefined;
}

/** A parameter's label, its control and what is said of it. */
function Control({ task, field, value, onChange, refused }: ControlProps) {
  const id = useId();
  const own = viewsOfTask(task).parameters?.[field.name];
  const shown = value ?? field.standard;
  const problem = complaint(field, value) ?? refused;
  const wiring = { id, value: shown, onChange, describedBy: `${id}-hint`, invalid: problem === undefined ? undefined : (true as const) };
  const wide = own !== undefined || field.kind === 'textarea' || field.kind === 'list' || field.kind === 'objects';
  return (
    <div className={wide ? 'sm:col-span-2' : ''}>
      <div className="mb-1.5 flex min-h-6 items-center justify-between gap-2">
        <label htmlFor={id} id={`${id}-label`} className="text-sm font-medium">
          {field.title}
          {field.unit && <span className="font-normal text-muted"> ({field.unit})</span>}
        </label>
        {own === undefined && value !== undefined && field.kind !== 'seed' && field.standard !== undefined && !same(value, field.standard) && (
          <IconButton icon={RotateCcw} label={`Reset ${field.title}`} size="small" className="-my-1 size-6!" onClick={() => onChange(undefined)} />
        )}
      </div>
      {own ? <FamilyView load={own} props={wiring} waiting={<Skeleton className="h-10" />} /> : <FieldControl field={field} {...wiring} />}
      <p id={wiring.describedBy} className={`mt-1 text-xs text-pretty empty:hidden ${problem ? 'text-bad' : 'text-muted'}`}>
        {problem ?? field.description}
      </p>
    </div>
  );
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
