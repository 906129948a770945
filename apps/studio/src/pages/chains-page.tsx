import type { ExampleView, TaskView } from '@atelier/protocol';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useLocation, useNavigate } from 'react-router';
import { api } from '../api/client.ts';
import { chainInputs } from '../chain/chain-inputs.ts';
import { compose, useComposition } from '../chain/composer-state.ts';
import { byName, makes } from '../chain/draft.ts';
import { ExampleCards } from '../chain/example-cards.tsx';
import { InputPanel } from '../chain/input-panel.tsx';
import { rememberPlan } from '../chain/plan-memory.ts';
import { PlanPanel, useLivePlan } from '../chain/plan-panel.tsx';
import { editExample, missing, runComposition } from '../chain/start-run.ts';
import { StarterNote } from '../chain/starter-note.tsx';
import { ComposerHead, StepRow } from '../chain/step-row.tsx';
import { ParameterForm } from '../form/parameter-form.tsx';
import { Card, Problem, Skeleton } from '../ui/blocks.tsx';
import { ModalityTag } from '../ui/modality.tsx';
import { complain } from '../ui/toast.tsx';

/** Home: start a chain from an example or from tasks in order, see its plan at once, and run it. */
export function Component() {
  const tasks = useQuery(api.tasks.queryOptions({ staleTime: 300_000 }));
  const examples = useQuery(api.examples.queryOptions({ staleTime: 300_000 }));
  const composer = useRef<HTMLDivElement>(null);
  const { state, key } = useLocation() as { state: { toComposer?: boolean } | null; key: string };
  const ready = tasks.data !== undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever comes anew by such a link is brought there anew.
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
      <p className="mt-2 max-w-2xl text-base text-muted text-pretty">
        Put tasks in a row. Atelier chooses the model and the machine for each, shows the plan before anything runs, and keeps every result in between.
      </p>
      <ExampleCards examples={examples} tasks={tasks.data} onEdit={edit} />
      <div ref={composer} className="scroll-mt-20 pt-10">
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
  const plan = useLivePlan(composition);
  const inputs = chainInputs(composition.draft, tasks);
  const names = Object.keys(inputs);
  const why = missing(composition, names);
  const run = useMutation({
    mutationFn: (fresh: boolean) => runComposition(composition, names, fresh),
    onSuccess: (made) => {
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
            Drop a recording or a picture anywhere, and a chain begins with it. A picture that Atelier made brings its own chain along.
          </p>
        )}
      </Card>
      {begun && (
        <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-[minmax(0,5fr)_minmax(0,6fr)]">
          <Card aria-label="Input and parameters" className="min-w-0 p-5 sm:p-6">
            <div className="flex flex-col gap-5">
              {Object.entries(inputs).map(([name, input]) => (
                <InputPanel key={name} name={name} input={input} tasks={tasks} onRun={start} />
              ))}
            </div>
            <StepParameters tasks={tasks} selected={selected} onSelect={setSelected} />
          </Card>
          <PlanPanel plan={plan} tasks={tasks} why={why} busy={run.isPending} onRun={start} />
        </div>
      )}
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

interface StepParametersProps {
  tasks: readonly TaskView[];
  selected: string | null;
  onSelect: (id: string | null) => void;
}

function StepParameters({ tasks, selected, onSelect }: StepParametersProps) {
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
              <ModalityTag modality={makes(task)}>{task?.title ?? step.id}</ModalityTag>
              <span className="grow text-sm text-muted">{changed === 0 ? 'As it comes' : `${changed} changed`}</span>
              <span className="text-sm text-muted group-hover:text-ink group-open:hidden">Set parameters</span>
              <span className="hidden text-sm text-muted group-open:inline">Close</span>
            </summary>
            <div className="pt-2 pb-5">
              {task && <ParameterForm schema={task.parameters} values={step.parameters} onChange={(name, value) => compose.set(step.id, name, value)} />}
            </div>
          </details>
        );
      })}
    </div>
  );
}
