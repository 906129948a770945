import type { TaskView } from '@atelier/protocol';
import { ArrowRight, ClipboardPaste, FolderOpen, History, Plus, Redo2, Save, Undo2, X } from 'lucide-react';
import { Fragment, type KeyboardEvent, type ReactNode, useRef, useState } from 'react';
import { openWindow } from '../frame/windows.ts';
import { Button, IconButton, Tip } from '../ui/button.tsx';
import { Menu, MenuItem, MenuLabel } from '../ui/menu.tsx';
import { ModalityTag, modalityIcons } from '../ui/modality.tsx';
import { chainInputs } from './chain-inputs.ts';
import { chooseRecipe } from './choose-recipe.ts';
import { compose, useComposition, useUndo } from './composer-state.ts';
import { byName, type DraftStep, makes } from './draft.ts';
import { article, fit } from './fit.ts';
import { LaneGraph } from './lane-graph.tsx';
import { type GraphNode, isBranched } from './lanes.ts';
import { OtherDrafts } from './other-drafts.tsx';
import { PasteDialog } from './paste-dialog.tsx';
import { SaveChainDialog } from './save-chain-dialog.tsx';
import { announceChange, redo, undo, useUndoKeys } from './undo-notice.tsx';
import { graphOf, readersOf, stepTitle } from './wiring.ts';

/** The chain as chips, in order or with its branches, and a menu of the tasks that fit next. */
export function StepRow({ tasks, selected, onSelect }: { tasks: readonly TaskView[]; selected: string | null; onSelect: (id: string | null) => void }) {
  const composition = useComposition();
  const { draft } = composition;
  const inputs = Object.entries(chainInputs(draft, tasks));
  const remove = (id: string) => {
    compose.remove(id, tasks);
    announceChange('Step removed.');
  };
  const nodes = graphOf(readersOf(draft, tasks));
  const chip = (step: DraftStep) => (
    <Chip
      task={byName(tasks, step.task)}
      title={stepTitle(draft, tasks, step)}
      selected={selected === step.id}
      onSelect={() => onSelect(selected === step.id ? null : step.id)}
      onRemove={() => remove(step.id)}
      onMove={(by) => compose.moveStep(step.id, by)}
    />
  );
  if (isBranched(nodes, (id) => !id.startsWith('inputs.'))) return <BranchedChain nodes={nodes} tasks={tasks} chip={chip} />;
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
            <li className="contents">{chip(step)}</li>
          </Fragment>
        ))}
      </ol>
      {draft.steps.length > 0 && <ArrowRight aria-hidden className="size-4 text-faint" />}
      <AddStep tasks={tasks} />
    </div>
  );
}

/** A chain in which something is read twice, or a step reads several: lines say who feeds whom. */
function BranchedChain({ nodes, tasks, chip }: { nodes: readonly GraphNode[]; tasks: readonly TaskView[]; chip: (step: DraftStep) => ReactNode }) {
  const { draft } = useComposition();
  const inputs = chainInputs(draft, tasks);
  const stepOf = (id: string) => draft.steps.find((step) => step.id === id);
  const nameOf = (id: string) => {
    const step = stepOf(id);
    return step ? stepTitle(draft, tasks, step) : id.slice(7);
  };
  const modalityOf = (id: string) => inputs[id.slice(7)]?.modality ?? makes(byName(tasks, stepOf(id)?.task ?? ''));
  return (
    <div className="flex flex-col gap-3">
      <LaneGraph nodes={nodes} nameOf={nameOf} modalityOf={modalityOf}>
        {(id) => {
          const step = stepOf(id);
          return step ? { step: chip(step) } : null;
        }}
      </LaneGraph>
      <div>
        <AddStep tasks={tasks} />
      </div>
    </div>
  );
}

/** The heading of the composer, with what concerns the chain as a whole. */
export function ComposerHead({ tasks }: { tasks: readonly TaskView[] }) {
  const { draft } = useComposition();
  const [pasting, setPasting] = useState(false);
  const [saving, setSaving] = useState(false);
  const { past, future } = useUndo();
  useUndoKeys();
  const begun = draft.steps.length > 0;
  return (
    <div className="flex flex-wrap items-center gap-x-1 gap-y-2">
      <h2 className="mr-auto text-lg font-semibold max-sm:w-full">{begun ? (draft.name ?? 'Your chain') : 'Or build your own'}</h2>
      {past.length + future.length > 0 && (
        <>
          <IconButton icon={Undo2} label="Undo (Ctrl Z)" size="small" disabled={past.length === 0} onClick={undo} />
          <IconButton icon={Redo2} label="Redo (Ctrl Shift Z)" size="small" disabled={future.length === 0} onClick={redo} />
        </>
      )}
      <OtherDrafts tasks={tasks} />
      <Button look="quiet" size="small" icon={History} onClick={chooseRecipe}>
        Restore from a file
      </Button>
      <Button look="quiet" size="small" icon={ClipboardPaste} onClick={() => setPasting(true)}>
        Paste a chain
      </Button>
      <Button look="quiet" size="small" icon={FolderOpen} onClick={() => openWindow('chains')}>
        Saved chains
      </Button>
      {begun && (
        <Button look="quiet" size="small" icon={Save} onClick={() => setSaving(true)}>
          Save
        </Button>
      )}
      {begun && (
        <Button look="quiet" size="small" icon={X} onClick={clear}>
          Clear
        </Button>
      )}
      {saving && <SaveChainDialog name={draft.name ?? ''} onClose={() => setSaving(false)} />}
      <PasteDialog open={pasting} onOpenChange={setPasting} tasks={tasks} />
    </div>
  );
}

function clear(): void {
  compose.clear();
  announceChange('Chain cleared.');
}

interface ChipProps {
  task: TaskView | undefined;
  title: string;
  selected: boolean;
  onSelect: () => void;
  onRemove: () => void;
  onMove: (by: -1 | 1) => void;
}

const directions: Record<string, -1 | 1 | undefined> = { ArrowLeft: -1, ArrowRight: 1 };

/** A step: pressed to set it, moved among the others with Alt and the arrows. */
function Chip({ task, title, selected, onSelect, onRemove, onMove }: ChipProps) {
  const Icon = modalityIcons[makes(task)];
  const name = useRef<HTMLButtonElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.altKey ? directions[event.key] : undefined;
    if (by === undefined) return;
    event.preventDefault();
    onMove(by);
    // A chip that was moved in the page has lost the focus.
    requestAnimationFrame(() => name.current?.focus());
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the buttons inside.
    <div
      onKeyDown={onKeyDown}
      data-modality={makes(task)}
      className={`rise inline-flex h-9 shrink-0 items-center rounded-lg border bg-hue-soft text-hue ${selected ? 'border-hue' : 'border-transparent'}`}
    >
      <button
        ref={name}
        type="button"
        aria-keyshortcuts="Alt+ArrowLeft Alt+ArrowRight"
        aria-pressed={selected}
        onClick={onSelect}
        className="inline-flex h-full items-center gap-2 rounded-l-lg pl-3 text-sm font-semibold"
      >
        <Icon aria-hidden className="size-4" />
        {title}
      </button>
      <Tip text={`Remove ${title}`}>
        <button
          type="button"
          aria-label={`Remove ${title}`}
          onClick={onRemove}
          className="ml-1 grid h-full w-8 place-items-center rounded-r-lg opacity-70 hover:opacity-100"
        >
          <X aria-hidden className="size-3.5" />
        </button>
      </Tip>
    </div>
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
        <MenuLabel>{draft.steps.length === 0 ? 'Start with' : 'Then'}</MenuLabel>
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
