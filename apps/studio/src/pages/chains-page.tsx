import type { ExampleView, TaskView } from '@atelier/protocol';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useLocation, useNavigate } from 'react-router';
import { api } from '../api/client.ts';
import { chainInputs } from '../chain/chain-inputs.ts';
import { useComposition } from '../chain/composer-state.ts';
import { ExampleCards } from '../chain/example-cards.tsx';
import { InputPanel } from '../chain/input-panel.tsx';
import { useLivePlan } from '../chain/live-plan.ts';
import { rememberPlan } from '../chain/plan-memory.ts';
import { PlanPanel } from '../chain/plan-panel.tsx';
import { PromptBox } from '../chain/prompt-box.tsx';
import { RunBar } from '../chain/run-bar.tsx';
import { editExample, missing, runComposition, wrongParameter } from '../chain/start-run.ts';
import { StarterNote } from '../chain/starter-note.tsx';
import { StepParameters } from '../chain/step-parameters.tsx';
import { ComposerHead, StepRow } from '../chain/step-row.tsx';
import { Card, Problem, Skeleton } from '../ui/blocks.tsx';
import { complain } from '../ui/toast.tsx';

/** Home: start a chain from an example or from tasks in order, see its plan at once, and run it. */
export function Component() {
  const tasks = useQuery(api.tasks.queryOptions({ staleTime: 300_000 }));
  const examples = useQuery(api.examples.queryOptions({ staleTime: 300_000 }));
  const composer = useRef<HTMLDivElement>(null);
  const { state, key } = useLocation() as { state: { toComposer?: boolean } | null; key: string };
  const ready = tasks.data !== undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever comes again by such a link is brought there again.
  useEffect(() => {
    if (ready && state?.toComposer) composer.current?.scrollIntoView({ block: 'start' });
  }, [ready, key]);
  if (tasks.isError) return <Problem error={tasks.error} onRetry={() => void tasks.refetch()} />;
  const edit = (example: ExampleView) => {
    editExample(example, tasks.data ?? []);
    composer.current?.scrollIntoView({ block: 'start', behavior: 'smooth' });
  };
  return (
    <>
      <h1 className="text-xl font-semibold tracking-tight sm:text-2xl">What do you want to make?</h1>
      {tasks.data?.every(({ name }) => name !== 'text-to-image') !== true && <PromptBox takesFocus={!state?.toComposer} />}
      <p className="mt-6 max-w-2xl text-base text-muted text-pretty">
        Or put tasks in a row. Atelier chooses the model and the machine for each, shows the plan before anything runs, and keeps every result in between.
      </p>
      <ExampleCards examples={examples} tasks={tasks.data} onEdit={edit} />
      <div ref={composer} className="pt-10">
        {tasks.data ? <Composer tasks={tasks.data} /> : <Skeleton className="h-56" />}
      </div>
      <StarterNote />
    </>
  );
}

function Composer({ tasks }: { tasks: readonly TaskView[] }) {
  const composition = useComposition();
  const navigate = useNavigate();
  const [selected, setSelected] = useState<string | null>(null);
  const plan = useLivePlan(composition, wrongParameter(composition.draft, tasks) === null);
  const inputs = chainInputs(composition.draft, tasks);
  const why = missing(composition, inputs, tasks);
  const run = useMutation({
    mutationFn: (fresh: boolean) => runComposition(composition, inputs, tasks, fresh),
    onSuccess: (made) => {
      if (!made) return;
      if (plan.data) rememberPlan(made.id, plan.data);
      navigate(`/runs/${made.id}`);
    },
    onError: complain,
  });
  const start = (fresh = false) => why === null && !run.isPending && run.mutate(fresh);
  useRunKey(start);
  const begun = composition.draft.steps.length > 0;
  return (
    <div className="flex flex-col gap-4">
      <ComposerHead tasks={tasks} />
      <Card aria-label="Chain" className="p-5 sm:p-6">
        <StepRow tasks={tasks} selected={selected} onSelect={setSelected} />
        {!begun && (
          <p className="mt-4 text-sm text-muted">
            Drop a recording or an image anywhere, and a chain begins with it. An image that Atelier made brings its own chain along.
          </p>
        )}
      </Card>
      {begun && (
        <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-[minmax(0,5fr)_minmax(0,6fr)]">
          <Card aria-label="Input and parameters" className="min-w-0 p-5 sm:p-6">
            <div className="flex flex-col gap-5">
              {Object.entries(inputs).map(([name, input]) => (
                <InputPanel key={name} name={name} input={input} tasks={tasks} plan={plan.data} onRun={start} />
              ))}
            </div>
            <StepParameters tasks={tasks} plan={plan.data} selected={selected} onSelect={setSelected} />
          </Card>
          <div className="min-w-0 lg:sticky lg:top-18">
            <PlanPanel plan={plan} tasks={tasks} />
          </div>
        </div>
      )}
      {begun && <RunBar plan={plan} why={why} busy={run.isPending} onRun={start} />}
    </div>
  );
}

/** Ctrl Enter runs from anywhere on the page. */
function useRunKey(start: () => unknown): void {
  const latest = useRef(start);
  latest.current = start;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.defaultPrevented) latest.current();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}
