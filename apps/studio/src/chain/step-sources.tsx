import type { TaskView } from '@atelier/protocol';
import { Check } from 'lucide-react';
import { useId } from 'react';
import { Select } from '../ui/select.tsx';
import { wiresOf } from './chain-inputs.ts';
import { compose, useComposition } from './composer-state.ts';
import type { DraftStep } from './draft.ts';
import { type SourceChoice, sourceChoices, stepTitle } from './wiring.ts';

interface StepSourcesProps {
  step: DraftStep;
  task: TaskView;
  tasks: readonly TaskView[];
}

/** Where each port of a step takes its value from: an earlier step, or an input of the chain. */
export function StepSources({ step, task, tasks }: StepSourcesProps) {
  const { draft } = useComposition();
  const ports = Object.entries(task.inputs).map(([port, declared]) => ({ port, declared, choices: sourceChoices(draft, tasks, step, port) }));
  const shown = ports.filter(({ choices, declared }) => choices.length > 1 || (choices.length > 0 && !declared.required) || step.id !== draft.steps[0]?.id);
  if (shown.length === 0) return null;
  const title = stepTitle(draft, tasks, step);
  return (
    <div className="mb-4 grid gap-x-6 gap-y-4 sm:grid-cols-2">
      {shown.map(({ port, declared, choices }) =>
        declared.many ? (
          <ManySources key={port} step={step} port={port} tasks={tasks} label={declared.title} choices={choices} title={title} />
        ) : (
          <OneSource key={port} step={step} port={port} tasks={tasks} label={declared.title} required={declared.required} choices={choices} title={title} />
        ),
      )}
    </div>
  );
}

interface PortProps {
  step: DraftStep;
  port: string;
  tasks: readonly TaskView[];
  label: string;
  choices: readonly SourceChoice[];
  /** What the step is called. */
  title: string;
}

/** Values of the list that are no source. Radix keeps the empty value for itself. */
const [byRule, ownInput, written] = ['by-rule', 'own-input', 'written'];

function OneSource({ step, port, tasks, label, choices, title, required }: PortProps & { required: boolean }) {
  const id = useId();
  const { draft } = useComposition();
  const at = { id: step.id, port };
  const given = step.inputs?.[port];
  const now = wiresOf(draft, tasks).find((wire) => wire.step.id === step.id && wire.port === port)?.sources[0];
  const labelOf = (source: string | undefined) => choices.find((choice) => choice.source === source)?.label;
  const free = required ? `Automatic: ${(given === undefined && labelOf(now)) || 'the nearest'}` : 'Nothing';
  const value = given === undefined ? byRule : now === undefined || labelOf(now) === undefined ? written : now;
  const options = [
    { value: byRule as string, label: free },
    ...choices.map(({ source, label: words }) => ({ value: source, label: words })),
    ...(value === written ? [{ value: written as string, label: 'As it was written' }] : []),
    { value: ownInput as string, label: 'A new input' },
  ];
  const choose = (next: string) => {
    if (next === ownInput) compose.wireToNewInput(tasks, at);
    else if (next !== written) compose.wire(tasks, at, next === byRule ? undefined : [next]);
  };
  return (
    <div className="min-w-0">
      <label htmlFor={id} className="mb-1.5 block text-sm font-medium">
        {label} from
      </label>
      <Select id={id} label={`${label} from, for ${title}`} value={value as string} onChange={choose} options={options} className="w-full" />
    </div>
  );
}

/** A port that takes many values reads any of them, one at least. */
function ManySources({ step, port, tasks, label, choices, title }: PortProps) {
  const { draft } = useComposition();
  const now = wiresOf(draft, tasks).find((wire) => wire.step.id === step.id && wire.port === port)?.sources ?? [];
  const written = step.inputs?.[port];
  // Texts that are written in the chain stay among what is read.
  const all: readonly unknown[] = written === undefined ? now : [written].flat();
  const toggle = (source: string) => {
    const next = all.includes(source) ? all.filter((one) => one !== source) : [...all, source];
    if (next.length > 0) compose.wire(tasks, { id: step.id, port }, next);
  };
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1.5 text-sm font-medium">{label} from</legend>
      <div className="flex flex-wrap gap-1.5">
        {choices.map((choice) => (
          <button
            key={choice.source}
            type="button"
            aria-pressed={now.includes(choice.source)}
            aria-label={`${choice.label}, for ${title}`}
            onClick={() => toggle(choice.source)}
            className="inline-flex h-9 items-center gap-1.5 rounded-lg border border-line px-2.5 text-sm text-muted hover:bg-raised hover:text-ink aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-accent-ink"
          >
            {now.includes(choice.source) && <Check aria-hidden className="size-3.5" />}
            {choice.label}
          </button>
        ))}
      </div>
    </fieldset>
  );
}
