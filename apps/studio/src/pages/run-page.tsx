import { type Modality, modalityOf, type OutputId, type RunInputView, type RunView, type StepView, type TaskView } from '@atelier/protocol';
import { useQuery } from '@tanstack/react-query';
import { ChevronDown, FileArchive, Images } from 'lucide-react';
import { useMemo } from 'react';
import { Link, useParams } from 'react-router';
import { api } from '../api/client.ts';
import type { StepLive, WatchedRun } from '../api/run-progress.ts';
import { sentenceOf } from '../api/sentence.ts';
import { useRun } from '../api/use-run.ts';
import { byName, makes } from '../chain/draft.ts';
import { recallPlan } from '../chain/plan-memory.ts';
import { RunGraph } from '../chain/run-graph.tsx';
import { galleryOfRun } from '../gallery/filters.ts';
import type { TileItem } from '../gallery/tile.tsx';
import { type RunItems, useRunItems } from '../gallery/use-gallery.ts';
import { OutputView } from '../media/output-view.tsx';
import { PlanPicture, type StepProgress } from '../plan-picture/plan-picture.tsx';
import { evenSplit } from '../run/even-split.ts';
import { PaceStrip } from '../run/pace-strip.tsx';
import { RunHead } from '../run/run-head.tsx';
import { mainOutputs, StepCard } from '../run/step-card.tsx';
import { useRunTitle } from '../run/use-run-title.ts';
import { Card, Problem, Skeleton } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { ModalityTag } from '../ui/modality.tsx';
import { StateBadge } from '../ui/state.tsx';
import { WithViewer } from '../viewer/viewer.tsx';
import { isLost, LostPage } from './lost-page.tsx';

/** One run while it goes and afterwards. */
export function Component() {
  const { id = '' } = useParams();
  const { watched, error, lost, again } = useRun(id);
  const tasks = useQuery(api.tasks.queryOptions({ staleTime: 300_000 }));
  useRunTitle(watched);
  if (!watched && error && isLost(sentenceOf(error).code)) return <LostPage looked={`the run ${id}`} back={{ to: '/runs', words: 'Go to Runs' }} />;
  if (!watched && error) return <Problem error={error} onRetry={again} className="mx-auto mt-12 max-w-xl" />;
  if (!watched || !tasks.data) return <RunSkeleton />;
  const { run } = watched;
  return (
    <article className="flex flex-col gap-6">
      <RunHead run={run} tasks={tasks.data} onGoesOn={again} />
      {lost && (
        <p role="status" className="text-sm text-warn">
          Connection lost. Reconnecting; this page may be out of date.
        </p>
      )}
      {error !== null && <Problem error={error} onRetry={again} />}
      {run.error && !run.steps.some((step) => step.state === 'failed') && <Problem error={run.error} />}
      <RunGraph run={run} tasks={tasks.data} />
      <Results watched={watched} tasks={tasks.data} />
      {run.plan && <RunPlan watched={watched} tasks={tasks.data} />}
      <Descendants run={run} />
    </article>
  );
}

function RunPlan({ watched, tasks }: { watched: WatchedRun; tasks: readonly TaskView[] }) {
  const { run, live } = watched;
  const weighed = recallPlan(run);
  const plans = useMemo(() => (run.plan ? [run.plan, ...(weighed?.plans.slice(1) ?? [])] : []), [run.plan, weighed]);
  const progress: Record<string, StepProgress> = Object.fromEntries(
    run.steps.map((step) => [step.id, { state: step.state, fraction: step.state === 'running' ? fractionOf(step, live[step.id]) : 0 }]),
  );
  return (
    <Card aria-label="Plan" className="p-5 sm:p-6">
      <details open={!ranOnOneMachine(run)} className="group flex flex-col">
        <summary className="flex list-none items-center gap-2 text-base font-semibold">
          Plan
          <span className="text-sm font-normal text-muted">{planWords(run)}</span>
          <ChevronDown aria-hidden className="ml-auto size-4 text-muted transition-transform group-open:rotate-180" />
        </summary>
        <div className="mt-4 flex flex-col gap-4">
          <PlanPicture chain={run.chain} plans={plans} rejected={weighed?.rejected ?? none} tasks={tasks} progress={progress} />
          <PaceStrip run={run} tasks={tasks} />
        </div>
      </details>
    </Card>
  );
}

const none: never[] = [];

const machinesOf = (run: RunView) => [...new Set(run.plan?.steps.map(({ offer }) => offer.edgeName) ?? [])];
/** Then there was no choice to be shown, and the plan is folded. */
const ranOnOneMachine = (run: RunView) => machinesOf(run).length <= 1;

function planWords(run: RunView): string {
  const machines = machinesOf(run);
  const where = machines.length === 1 ? `on ${machines[0]}` : `on ${machines.length} machines`;
  return `${run.steps.length === 1 ? '1 step' : `${run.steps.length} steps`} ${where}`;
}

/** How far a step is: by its finished shards where it has several. */
const fractionOf = ({ shards }: StepView, live: StepLive | undefined) => (shards ? shards.done / shards.total : (live?.fraction ?? 0));

/** Inputs and steps in reading order, in two columns of about the same height where there is room. */
function Results({ watched, tasks }: { watched: WatchedRun; tasks: readonly TaskView[] }) {
  const { run, live, shards } = watched;
  const items = useRunItems(run);
  const cards = [
    ...run.inputs.map((input) => ({ tall: tallness(modalityOf(input.mediaType)), card: <InputCard key={`input-${input.name}`} input={input} /> })),
    ...run.steps.map((step, index) => {
      const task = byName(tasks, step.task);
      return {
        tall: tallness(makes(task)) + 0.5,
        card: (
          <StepCard
            key={step.id}
            run={run}
            step={step}
            number={index + 1}
            task={task}
            tasks={tasks}
            items={items}
            live={live[step.id]}
            shards={shards[step.id]}
          />
        ),
      };
    }),
  ];
  const split = evenSplit(cards.map((card) => card.tall));
  return (
    <WithViewer items={shownOf(run, tasks, items)} from="the run">
      <section aria-labelledby="results">
        <div className="mb-2 flex min-h-9 flex-wrap items-center gap-1">
          <h2 id="results" className="grow text-base font-semibold">
            Results
          </h2>
          <WholeRun run={run} items={items} />
        </div>
        <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-2">
          <div className="flex min-w-0 flex-col gap-4">{cards.slice(0, split).map(({ card }) => card)}</div>
          <div className="flex min-w-0 flex-col gap-4">{cards.slice(split).map(({ card }) => card)}</div>
        </div>
      </section>
    </WithViewer>
  );
}

/** What arrows go through in the viewer: files that the run was given, then its results in the order of the chain. */
function shownOf(run: RunView, tasks: readonly TaskView[], items: RunItems): TileItem[] {
  const given = run.inputs.filter(({ text }) => text === null).map(({ name, outputId, ...file }) => ({ ...file, id: outputId, caption: name }));
  const made = run.steps.flatMap((step) => {
    const title = byName(tasks, step.task)?.title ?? step.task;
    const values = mainOutputs(step).filter(({ id, sizeBytes }) => sizeBytes > 0 && (items.get(id)?.deletedAt ?? null) === null);
    return values.map((output, index) => ({ ...output, caption: values.length > 1 ? `${title}, ${index + 1}` : title }));
  });
  return [...given, ...made].map(({ id, mediaType, sizeBytes, caption }) => ({
    id,
    mediaType,
    sizeBytes,
    caption,
    modality: modalityOf(mediaType) ?? 'tensor',
  }));
}

/** All that the run made, in the gallery and as one file. */
function WholeRun({ run, items }: { run: RunView; items: RunItems }) {
  if ([...items.values()].every(({ deletedAt }) => deletedAt !== null)) return null;
  return (
    <>
      <Button asChild look="quiet">
        <Link to={galleryOfRun(run.id)}>
          <Images aria-hidden className="size-4" />
          Show in gallery
        </Link>
      </Button>
      <Button asChild look="quiet">
        <a href={`/api/runs/${run.id}/results.zip`} download>
          <FileArchive aria-hidden className="size-4" />
          Download all
        </a>
      </Button>
    </>
  );
}

/** About how tall a card is. It goes by what is made and not by what is there, so that cards never change sides. */
const tallness = (modality: Modality | undefined) => (modality === 'image' || modality === 'video' ? 3 : 1);

function InputCard({ input }: { input: RunInputView }) {
  const modality = modalityOf(input.mediaType) ?? 'tensor';
  return (
    <Card aria-label={`Input: ${input.name}`} data-modality={modality} className="min-w-0 p-5">
      <header className="mb-4 flex items-center justify-between">
        <h2>
          <ModalityTag modality={modality}>{input.name}</ModalityTag>
        </h2>
        <span className="text-sm text-muted">Input</span>
      </header>
      {input.text !== null ? (
        <p className="max-h-72 overflow-y-auto text-lg whitespace-pre-wrap break-words">{input.text}</p>
      ) : (
        <OutputView output={{ ...input, id: input.outputId as OutputId }} title={input.name} />
      )}
    </Card>
  );
}

/** Runs that were made from this one. */
function Descendants({ run }: { run: RunView }) {
  const recent = useQuery(api.runs.list.queryOptions({ input: { limit: 200 }, enabled: run.endedAt !== null }));
  const made = recent.data?.filter((other) => other.parentRunId === run.id) ?? [];
  if (made.length === 0) return null;
  return (
    <section aria-label="Made from this run">
      <h2 className="mb-2 text-base font-semibold">Made from this run</h2>
      <ul className="flex flex-wrap gap-2">
        {made.map((other) => (
          <li key={other.id}>
            <Link to={`/runs/${other.id}`} className="flex items-center gap-3 rounded-lg border border-line px-3 py-1.5 text-sm hover:bg-raised">
              {other.name}
              <StateBadge state={other.state} />
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

function RunSkeleton() {
  return (
    <div role="status" aria-label="Loading the run" className="flex flex-col gap-6">
      <Skeleton className="h-20 w-96 max-w-full" />
      <Skeleton className="h-64 rounded-2xl" />
      <div className="grid gap-4 lg:grid-cols-2">
        <Skeleton className="h-80 rounded-2xl" />
        <Skeleton className="h-80 rounded-2xl" />
      </div>
    </div>
  );
}
