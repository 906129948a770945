import type { PlanSet, TaskView } from '@atelier/protocol';
import { ParameterForm } from '../form/parameter-form.tsx';
import { ModalityTag } from '../ui/modality.tsx';
import { BranchMenu } from './branch-menu.tsx';
import { compose, useComposition } from './composer-state.ts';
import { byName, type DraftStep, makes } from './draft.ts';
import { ModelPicker } from './model-picker.tsx';
import { useNativeSize } from './native-size.ts';
import { Pins, pinWords } from './pins.tsx';
import { StepPlace } from './step-place.tsx';
import { StepSources } from './step-sources.tsx';
import { stepTitle } from './wiring.ts';

interface StepParametersProps {
  tasks: readonly TaskView[];
  /** The plan as it stands, for what the chosen models can draw. */
  plan: PlanSet | undefined;
  selected: string | null;
  onSelect: (id: string | null) => void;
}

/** Each step with its model, its place and its parameters, folded until somebody wants them. */
export function StepParameters({ tasks, plan, selected, onSelect }: StepParametersProps) {
  const { draft } = useComposition();
  return (
    <div className="mt-6 divide-y divide-line border-t border-line">
      {draft.steps.map((step) => {
        const task = byName(tasks, step.task);
        const changed = Object.keys(step.parameters).length;
        return (
          <details
            key={step.id}
            open={selected === step.id}
            className="group"
            onToggle={(event) => event.currentTarget.open !== (selected === step.id) && onSelect(event.currentTarget.open ? step.id : null)}
          >
            <summary className="flex list-none items-center gap-3 py-3">
              <ModalityTag modality={makes(task)}>{stepTitle(draft, tasks, step)}</ModalityTag>
              <span className="grow text-sm text-muted">{[changed === 0 ? 'Defaults' : `${changed} changed`, pinWords(step)].filter(Boolean).join(' · ')}</span>
              <span className="text-sm text-muted group-hover:text-ink group-open:hidden">Set parameters</span>
              <span className="hidden text-sm text-muted group-open:inline">Close</span>
            </summary>
            <StepSettings step={step} task={task} tasks={tasks} plan={plan} />
          </details>
        );
      })}
    </div>
  );
}

interface StepSettingsProps extends Pick<StepParametersProps, 'tasks' | 'plan'> {
  step: DraftStep;
  task: TaskView | undefined;
}

function StepSettings({ step, task, tasks, plan }: StepSettingsProps) {
  const { draft } = useComposition();
  const planned = plan?.plans[0]?.steps.find(({ stepId }) => stepId === step.id)?.offer.modelId;
  const native = useNativeSize(step.model ?? planned);
  const title = stepTitle(draft, tasks, step);
  return (
    <div className="pt-2 pb-5">
      <div className="mb-4 flex items-end gap-3">
        <ModelPicker step={step} title={title} />
        <StepPlace id={step.id} title={title} at={draft.steps.indexOf(step)} count={draft.steps.length} />
      </div>
      <Pins step={step} title={title} />
      {task && <StepSources step={step} task={task} tasks={tasks} />}
      {task && (
        <ParameterForm
          task={task.name}
          schema={task.parameters}
          values={step.parameters}
          native={native}
          onChange={(changes) => compose.set(step.id, changes)}
        />
      )}
      <div className="mt-4 -ml-3">
        <BranchMenu id={step.id} title={title} tasks={tasks} />
      </div>
    </div>
  );
}
