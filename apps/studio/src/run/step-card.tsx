import type { GalleryItem, Modality, OutputView as Output, RunView, StepView, TaskView } from '@atelier/protocol';
import { FileArchive, PencilLine } from 'lucide-react';
import { useState } from 'react';
import type { StepLive } from '../api/run-progress.ts';
import { makes } from '../chain/draft.ts';
import { stepAnchor } from '../chain/run-graph.tsx';
import type { RunItems } from '../gallery/use-gallery.ts';
import { DownloadButton, EnlargeButton, OutputView, Prose, stageLook } from '../media/output-view.tsx';
import { remainingOf } from '../plan-picture/pace.ts';
import { FamilyView, viewsOfTask } from '../task-views/index.ts';
import { Card, ProgressBar, Skeleton } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { ModalityTag, modalityIcons } from '../ui/modality.tsx';
import { StateBadge } from '../ui/state.tsx';
import { formatRange, formatSeconds, secondsBetween } from '../units/time.ts';
import { useNow } from '../units/use-now.ts';
import { EditStepDialog } from './edit-step-dialog.tsx';
import { FailureCard } from './failure-card.tsx';
import { RecipeDetails } from './recipe-details.tsx';
import { DeletedResult, ResultActions } from './result-actions.tsx';
import { ShardResults } from './shard-results.tsx';
import { useStepEdit } from './step-edits.ts';

interface StepCardProps {
  run: RunView;
  step: StepView;
  task: TaskView | undefined;
  live: StepLive | undefined;
  /** What the gallery knows of the run's results, and what can be done with them. */
  items: RunItems;
  tasks: readonly TaskView[];
  /** What passes by of shards that are being made, if the step has several. */
  shards?: Readonly<Record<number, StepLive>> | undefined;
  number: number;
}

/** One step: where it runs, how far it is, and what it made. */
export function StepCard({ run, step, task, tasks, items, live, shards, number }: StepCardProps) {
  const [editing, setEditing] = useState(false);
  const edited = useStepEdit(run.id, step.id) !== undefined;
  const title = task?.title ?? step.task;
  const ended = run.endedAt !== null;
  const { actions } = viewsOfTask(step.task);
  return (
    <Card id={stepAnchor(step.id)} aria-label={`Step ${number}: ${title}`} data-modality={makes(task)} className="flex min-w-0 flex-col p-5">
      <header className="flex items-start justify-between gap-3">
        <div className="min-w-0">
          <h2>
            <ModalityTag modality={makes(task)}>{title}</ModalityTag>
          </h2>
          <p className="mt-1.5 truncate text-sm text-muted">{place(step)}</p>
        </div>
        <StateBadge state={step.state} />
      </header>
      <div className="mt-4 grow">
        <Result run={run} step={step} title={title} task={task} tasks={tasks} items={items} live={live} shards={shards ?? noShards} />
      </div>
      {step.state === 'failed' && <FailureCard run={run} step={step} title={title} />}
      {(step.outputs.length > 0 || ended) && (
        <footer className="mt-4 flex flex-wrap items-center gap-1 border-t border-line pt-3">
          {inShards(step) && step.outputs.length > 0 && <ZipButton run={run} step={step} title={title} />}
          {(inShards(step) ? [] : mainOutputs(step)).map((output) => (
            <OutputActions key={output.id} output={output} item={items.get(output.id)} title={title} tasks={tasks} />
          ))}
          {actions && <FamilyView load={actions} props={{ run, step, title }} />}
          <p className="grow text-right text-sm text-muted">{ended && edited && 'Edited, not run yet'}</p>
          {ended && (
            <Button look="quiet" size="small" icon={PencilLine} onClick={() => setEditing(true)} aria-label={`Edit and run from here: ${title}`}>
              Edit and run from here
            </Button>
          )}
        </footer>
      )}
      <RecipeDetails step={step} />
      {task && editing && <EditStepDialog run={run} step={step} task={task} onClose={() => setEditing(false)} />}
    </Card>
  );
}

const noShards: Readonly<Record<number, StepLive>> = {};

interface ResultBodyProps extends Pick<StepCardProps, 'run' | 'step' | 'task' | 'tasks' | 'items' | 'live'> {
  title: string;
  shards: Readonly<Record<number, StepLive>>;
}

/** What the step made: as its family draws it, else by its declaration. */
function Result({ run, step, title, task, tasks, items, live, shards }: ResultBodyProps) {
  const { result } = viewsOfTask(step.task);
  const own = result && <FamilyView load={result} props={{ run, step, title, live, shards }} waiting={<Skeleton className="h-64 rounded-xl" />} />;
  if (inShards(step)) {
    return (
      <ShardResults run={run} step={step} title={title} items={items} tasks={tasks} live={shards}>
        {own}
      </ShardResults>
    );
  }
  if (!own) return <StepBody step={step} live={live} title={title} task={task} ended={run.endedAt !== null} items={items} />;
  return (
    <>
      {own}
      {step.state === 'running' && (
        <div className="mt-4">
          <StepProgress step={step} live={live} title={title} />
        </div>
      )}
    </>
  );
}

/** Whether a step's results are many of a kind: it was shared, or taken over from a run in which it was. */
const inShards = (step: StepView) => step.shards !== null || (step.reused && mainOutputs(step).length > 1);

/** The values of the first port: what the step is for. */
export const mainOutputs = (step: StepView) => step.outputs.filter(({ port }) => port === step.outputs[0]?.port);

interface OutputActionsProps {
  output: Output;
  /** Undefined until it is known, and after the days in which it could be restored. */
  item: GalleryItem | undefined;
  title: string;
  tasks: readonly TaskView[];
}

function OutputActions({ output, item, title, tasks }: OutputActionsProps) {
  if (item && item.deletedAt !== null) return null;
  return (
    <>
      <EnlargeButton output={output} title={title} />
      <DownloadButton output={output} name={`${output.port} of ${title}`} />
      {item && <ResultActions item={item} tasks={tasks} name={title} />}
    </>
  );
}

/** Everything that a shared step made, in one file. */
function ZipButton({ run, step, title }: { run: RunView; step: StepView; title: string }) {
  return (
    <Button asChild look="quiet" size="small">
      <a
        href={`/api/runs/${run.id}/steps/${step.id}/frames.zip${step.state === 'succeeded' ? '' : '?partial=1'}`}
        download
        aria-label={`Download all of ${title} as a zip`}
      >
        <FileArchive aria-hidden className="size-4" />
        <span className="number">{step.outputs.length}</span>
      </a>
    </Button>
  );
}

function place(step: StepView): string {
  if (step.reused) return 'Reused from an earlier run';
  if (step.cached > 0 && step.cached >= (step.shards?.total ?? 1)) return 'From the cache: made before with the same settings';
  if (step.sharing.length > 1) return sharedPlace(step);
  const attempt = step.attempts.at(-1);
  const where = attempt?.edgeName ?? step.offer?.edgeName;
  const model = step.offer?.modelName;
  if (!where) return 'Not planned yet';
  const seconds = step.startedAt && step.endedAt ? `, ${formatSeconds(secondsBetween(step.startedAt, step.endedAt))}` : '';
  return `${model ?? attempt?.modelId} on ${where}${seconds}`;
}

function sharedPlace(step: StepView): string {
  const names = step.sharing.map(({ edgeName }) => edgeName);
  const seconds = step.startedAt && step.endedAt ? `, ${formatSeconds(secondsBetween(step.startedAt, step.endedAt))}` : '';
  return `${step.offer?.modelName ?? step.task} on ${names.length} machines: ${names.join(', ')}${seconds}`;
}

interface StepBodyProps {
  step: StepView;
  live: StepLive | undefined;
  title: string;
  task: TaskView | undefined;
  /** The whole run has ended. */
  ended: boolean;
  items: RunItems;
}

function StepBody({ step, live, title, task, ended, items }: StepBodyProps) {
  const modality = makes(task);
  if (step.outputs.length > 0) {
    return (
      <div className="flex flex-col gap-4">
        {step.notice && <p className="text-sm text-muted">{step.notice}</p>}
        {mainOutputs(step)
          .filter(({ sizeBytes }) => sizeBytes > 0)
          .map((output) => {
            const item = items.get(output.id);
            if (item && item.deletedAt !== null) return <DeletedResult key={output.id} item={item} name={title} />;
            return <OutputView key={output.id} output={output} title={title} />;
          })}
      </div>
    );
  }
  const running = step.state === 'running';
  const staged = modality === 'image' || modality === 'video';
  if (step.state === 'failed' || step.state === 'cancelled') return null;
  if (ended) return <p className="text-sm text-muted">The run ended before it came to this step.</p>;
  return (
    <>
      {staged ? (
        <div className={stageLook}>
          {running && live?.preview ? (
            <img src={live.preview} alt={`Preview of ${title}`} className="size-full object-contain" />
          ) : (
            <EmptyStage modality={modality} running={running} />
          )}
        </div>
      ) : running && live?.text ? (
        <Prose text={live.text} growing />
      ) : (
        <Skeleton className={`h-14 ${running ? '' : 'animate-none!'}`} />
      )}
      <div className="mt-4 min-h-10">{running && <StepProgress step={step} live={live} title={title} />}</div>
    </>
  );
}

/** Where a picture will be: its sign, breathing while it is made. */
function EmptyStage({ modality, running }: { modality: Modality; running: boolean }) {
  const Icon = modalityIcons[modality];
  return (
    <div aria-hidden className={`grid size-full place-items-center rounded-xl bg-hue-soft/50 text-hue ${running ? 'breathe' : 'opacity-60'}`}>
      <Icon className="size-10 opacity-50" strokeWidth={1.25} />
    </div>
  );
}

const rangeWords = (low: number, high: number) => (high < 0.25 ? 'almost done' : `${formatRange(low, high)} left`);

function StepProgress({ step, live, title }: { step: StepView; live: StepLive | undefined; title: string }) {
  const now = useNow(250);
  const elapsed = step.startedAt ? secondsBetween(step.startedAt, now) : 0;
  const since = live ? (now.getTime() - live.heardAt) / 1000 : 0;
  const heard = live?.remainingSeconds == null ? null : Math.max(0, live.remainingSeconds - since);
  const remaining = remainingOf(step, elapsed, heard);
  const words = {
    range: () => (remaining.kind === 'range' ? rangeWords(remaining.low, remaining.high) : ''),
    longer: () => (remaining.kind === 'longer' ? `Taking longer than the expected ${formatSeconds(remaining.expected)}` : ''),
    unknown: () => '',
  }[remaining.kind]();
  return (
    <>
      <ProgressBar fraction={live && live.fraction > 0 ? live.fraction : null} label={`Progress of ${title}`} />
      <p className="mt-1.5 flex justify-between gap-3 text-xs text-muted">
        <span className="truncate">{live?.message ?? 'Starting'}</span>
        <span className="number shrink-0">{words}</span>
      </p>
    </>
  );
}
