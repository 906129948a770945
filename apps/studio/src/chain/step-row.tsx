import type { TaskView } from '@atelier/protocol';
import { ArrowRight, ClipboardPaste, History, Plus, X } from 'lucide-react';
import { Fragment, type ReactNode, useState } from 'react';
import { Button, Tip } from '../ui/button.tsx';
import { Menu, MenuItem, MenuLabel } from '../ui/menu.tsx';
import { ModalityTag, modalityIcons } from '../ui/modality.tsx';
import { announce } from '../ui/toast.tsx';
import { chainInputs } from './chain-inputs.ts';
import { chooseRecipe } from './choose-recipe.ts';
import { compose, useComposition } from './composer-state.ts';
import { byName, makes } from './draft.ts';
import { article, fit } from './fit.ts';
import { PasteDialog } from './paste-dialog.tsx';

/** The chain as chips in order, with a menu of the tasks that fit next. */
export function StepRow({ tasks, selected, onSelect }: { tasks: readonly TaskView[]; selected: string | null; onSelect: (id: string | null) => void }) {
  const composition = useComposition();
  const { draft } = composition;
  const inputs = Object.entries(chainInputs(draft, tasks));
  const remove = (id: string) => {
    const before = compose.now();
    compose.remove(id);
    announce('The step is taken out.', () => compose.restore(before));
  };
  return (
    <div className="flex flex-wrap items-center gap-x-2 gap-y-2.5">
      {inputs.map(([name, input]) => (
        <ModalityTag key={name} modality={input.modality}>
          {name}
        </ModalityTag>
      ))}
      <ol aria-label="Steps" className="contents">
        {draft.steps.map((step) => (
          <Fragment key={step.id}>
            <ArrowRight aria-hidden className="size-4 text-faint" />
            <Chip
              task={byName(tasks, step.task)}
              id={step.id}
              selected={selected === step.id}
              onSelect={() => onSelect(selected === step.id ? null : step.id)}
              onRemove={() => remove(step.id)}
            />
          </Fragment>
        ))}
      </ol>
      {draft.steps.length > 0 && <ArrowRight aria-hidden className="size-4 text-faint" />}
      <AddStep tasks={tasks} />
    </div>
  );
}

/** The heading of the composer, with what concerns the chain as a whole. */
export function ComposerHead({ tasks }: { tasks: readonly TaskView[] }) {
  const { draft } = useComposition();
  const [pasting, setPasting] = useState(false);
  const begun = draft.steps.length > 0;
  return (
    <div className="flex flex-wrap items-center gap-x-1 gap-y-2">
      <h2 className="mr-auto text-lg font-semibold max-sm:w-full">{begun ? (draft.name ?? 'Your chain') : 'Or build your own'}</h2>
      <Button look="quiet" size="small" icon={History} onClick={chooseRecipe}>
        Restore from a file
      </Button>
      <Button look="quiet" size="small" icon={ClipboardPaste} onClick={() => setPasting(true)}>
        Paste a chain
      </Button>
      {begun && (
        <Button look="quiet" size="small" icon={X} onClick={clear}>
          Clear
        </Button>
      )}
      <PasteDialog open={pasting} onOpenChange={setPasting} tasks={tasks} />
    </div>
  );
}

function clear(): void {
  const before = compose.now();
  compose.clear();
  announce('The chain is cleared.', () => compose.restore(before));
}

interface ChipProps {
  task: TaskView | undefined;
  id: string;
  selected: boolean;
  onSelect: () => void;
  onRemove: () => void;
}

function Chip({ task, id, selected, onSelect, onRemove }: ChipProps) {
  const Icon = modalityIcons[makes(task)];
  const title = task?.title ?? id;
  return (
    <li
      data-modality={makes(task)}
      className={`rise inline-flex h-9 items-center rounded-lg border bg-hue-soft text-hue ${selected ? 'border-hue' : 'border-transparent'}`}
    >
      <button
        type="button"
        aria-pressed={selected}
        onClick={onSelect}
        className="inline-flex h-full items-center gap-2 rounded-l-lg pl-3 text-sm font-semibold"
      >
        <Icon aria-hidden className="size-4" />
        {title}
      </button>
      <Tip text={`Take ${title} out`}>
        <button
          type="button"
          aria-label={`Take ${title} out`}
          onClick={onRemove}
          className="ml-1 grid h-full w-8 place-items-center rounded-r-lg opacity-70 hover:opacity-100"
        >
          <X aria-hidden className="size-3.5" />
        </button>
      </Tip>
    </li>
  );
}

function AddStep({ tasks }: { tasks: readonly TaskView[] }) {
  const { draft } = useComposition();
  const label = draft.steps.length === 0 ? 'Choose the first step' : 'Add a step';
  const sorted = tasks.map((task) => ({ task, fits: fit(draft, task, tasks) })).sort((a, b) => Number(b.fits.fits) - Number(a.fits.fits));
  return (
    <Menu
      align="start"
      trigger={
        <Button icon={Plus} look={draft.steps.length === 0 ? 'primary' : 'plain'}>
          {label}
        </Button>
      }
    >
      <div className="w-80">
        <MenuLabel>{draft.steps.length === 0 ? 'Begin with' : 'Then'}</MenuLabel>
        {sorted.map(({ task, fits }) => (
          <MenuItem
            key={task.name}
            icon={modalityIcons[makes(task)]}
            disabled={!fits.fits}
            onSelect={() => compose.append(task.name)}
            hint={hintOf(task, fits)}
          >
            {task.title}
          </MenuItem>
        ))}
      </div>
    </Menu>
  );
}

function hintOf(task: TaskView, fits: ReturnType<typeof fit>): ReactNode {
  if (!fits.fits) return fits.reason;
  const from = Object.values(task.inputs).find((port) => port.required)?.modality;
  return from ? `From ${article(from)}. ${task.summary}` : task.summary;
}
