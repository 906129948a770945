import { type Modality, modalityOf, type OutputId, type RunInputView, type RunView, type StepView, type TaskView } from '@atelier/protocol';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Link, useParams } from 'react-router';
import { api } from '../api/client.ts';
import type { StepLive, WatchedRun } from '../api/run-progress.ts';
import { sentenceOf } from '../api/sentence.ts';
import { useRun } from '../api/use-run.ts';
import { byName, makes } from '../chain/draft.ts';
import { recallPlan } from '../chain/plan-memory.ts';
import { OutputView } from '../media/output-view.tsx';
import { PlanPicture, type StepProgress } from '../plan-picture/plan-picture.tsx';
import { evenSplit } from '../run/even-split.ts';
import { PaceStrip } from '../run/pace-strip.tsx';
import { RunHead } from '../run/run-head.tsx';
import { StepCard } from '../run/step-card.tsx';
import { Card, Problem, Skeleton } from '../ui/blocks.tsx';
import { ModalityTag } from '../ui/modality.tsx';
import { StateBadge } from '../ui/state.tsx';
import { LostPage } from './lost-page.tsx';

/** One run while it goes and afterwards. */
export function Component() {
  const { id = '' } = useParams();
  const { watched, error, lost, again } = useRun(id);
  const tasks = useQuery(api.tasks.queryOptions({ staleTime: 300_000 }));
  if (!watched && error && sentenceOf(error).code === 'not-found') return <LostPage />;
  if (!watched && error) return <Problem error={error} onRetry={again} className="mx-auto mt-12 max-w-xl" />;
  if (!watched || !tasks.data) return <RunSkeleton />;
  const { run } = watched;
  return (
    <article className="flex flex-col gap-6">
      <RunHead run={run} tasks={tasks.data} onGoesOn={again} />
      {lost && (
        <p role="status" className="text-sm text-warn">
          The connection broke. Trying again; what you see may be a little old.
        </p>
      )}
      {error !== null && <Problem error={error} onRetry={again} />}
      {run.error && !run.steps.some((step) => step.state === 'failed') && <Problem error={run.error} />}
      {run.plan && <RunPlan watched={watched} tasks={tasks.data} />}
      <Results watched={watched} tasks={tasks.data} />
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
    <Card aria-label="Plan" className="flex flex-col gap-4 p-5 sm:p-6">
      <PlanPicture chain={run.chain} plans={plans} rejected={weighed?.rejected ?? none} tasks={tasks} progress={progress} />
      <PaceStrip run={run} tasks={tasks} />
    </Card>
  );
}

const none: never[] = [];

/** How far a step is: by its finished shards where it has several. */
const fractionOf = ({ shards }: StepView, live: StepLive | undefined) => (shards ? shards.done / shards.total : (live?.fraction ?? 0));

/** Inputs and steps in reading order, in two columns of about the same height where there is room. */
function Results({ watched, tasks }: { watched: WatchedRun; tasks: readonly TaskView[] }) {
  const { run, live, shards } = watched;
  const cards = [
    ...run.inputs.map((input) => ({ tall: tallness(modalityOf(input.mediaType)), card: <InputCard key={`input-${input.name}`} input={input} /> })),
    ...run.steps.map((step, index) => {
      const task = byName(tasks, step.task);
      return {
        tall: tallness(makes(task)) + 0.5,
        card: <StepCard key={step.id} run={run} step={step} number={index + 1} task={task} live={live[step.id]} shards={shards[step.id]} />,
      };
    }),
  ];
  const split = evenSplit(cards.map((card) => card.tall));
  return (
    <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-2">
      <div className="flex min-w-0 flex-col gap-4">{cards.slice(0, split).map(({ card }) => card)}</div>
      <div className="flex min-w-0 flex-col gap-4">{cards.slice(split).map(({ card }) => card)}</div>
    </div>
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
