import type { ExampleView, TaskView } from '@atelier/protocol';
import { type UseQueryResult, useMutation } from '@tanstack/react-query';
import { ChevronRight, FileUp, PencilLine, Play } from 'lucide-react';
import { Fragment } from 'react';
import { useNavigate } from 'react-router';
import { Card, Problem, Skeleton } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { modalityIcons } from '../ui/modality.tsx';
import { complain } from '../ui/toast.tsx';
import { chainInputs } from './chain-inputs.ts';
import { draftOfExample } from './composer-state.ts';
import { byName, makes } from './draft.ts';
import { article } from './fit.ts';
import { runExample } from './start-run.ts';

interface ExampleCardsProps {
  examples: UseQueryResult<ExampleView[]>;
  tasks: readonly TaskView[] | undefined;
  onEdit: (example: ExampleView) => void;
}

/** Chains that run at once on the starter models. */
export function ExampleCards({ examples, tasks, onEdit }: ExampleCardsProps) {
  if (examples.isError) return <Problem error={examples.error} onRetry={() => void examples.refetch()} className="mt-6" />;
  return (
    <section
      aria-label="Examples"
      className="-mx-4 mt-7 flex snap-x snap-mandatory scroll-px-4 gap-3 overflow-x-auto px-4 pb-2 sm:mx-0 sm:grid sm:grid-cols-2 sm:gap-4 sm:overflow-visible sm:px-0 sm:pb-0 xl:grid-cols-5"
    >
      {examples.data && tasks
        ? examples.data.map((example) => <ExampleCard key={example.id} example={example} tasks={tasks} onEdit={() => onEdit(example)} />)
        : ['a', 'b', 'c', 'd', 'e'].map((key) => <Skeleton key={key} className="h-67 w-[78%] shrink-0 rounded-2xl sm:w-auto" />)}
    </section>
  );
}

function ExampleCard({ example, tasks, onEdit }: { example: ExampleView; tasks: readonly TaskView[]; onEdit: () => void }) {
  const navigate = useNavigate();
  const [, lacking] = Object.entries(chainInputs(draftOfExample(example, tasks), tasks)).find(([name]) => !(name in example.inputs)) ?? [];
  const run = useMutation({ mutationFn: () => runExample(example), onSuccess: (made) => made && navigate(`/runs/${made.id}`), onError: complain });
  return (
    <Card
      aria-label={example.title}
      className="group flex w-[78%] shrink-0 snap-start flex-col p-5 sm:w-auto transition-colors duration-150 hover:border-line-strong/60"
    >
      <ModalityPath example={example} tasks={tasks} />
      <h2 className="mt-4 text-base font-semibold">{example.title}</h2>
      <p className="mt-1 grow text-sm text-muted text-pretty">{example.summary}</p>
      <div className="mt-4 flex gap-2">
        {lacking === undefined ? (
          <Button look="soft" icon={Play} busy={run.isPending} aria-label={`Run ${example.title}`} onClick={() => run.mutate()}>
            Run
          </Button>
        ) : (
          <Button look="soft" icon={FileUp} aria-label={`Give it ${article(lacking.modality)}: ${example.title}`} onClick={onEdit}>
            Give it {article(lacking.modality)}
          </Button>
        )}
        <Button look="quiet" icon={PencilLine} aria-label={`Edit ${example.title}`} onClick={onEdit}>
          Edit
        </Button>
      </div>
    </Card>
  );
}

/** What flows through an example, as a row of modality signs. */
function ModalityPath({ example, tasks }: { example: ExampleView; tasks: readonly TaskView[] }) {
  const draft = draftOfExample(example, tasks);
  const flow = [...Object.values(chainInputs(draft, tasks)).map((input) => input.modality), ...draft.steps.map((step) => makes(byName(tasks, step.task)))];
  return (
    <div aria-hidden className="flex flex-wrap items-center gap-px">
      {/* biome-ignore-start lint/suspicious/noArrayIndexKey: the row never changes its order. */}
      {flow.map((modality, index) => {
        const Icon = modalityIcons[modality];
        return (
          <Fragment key={index}>
            {index > 0 && <ChevronRight className="size-3 text-faint" />}
            <span data-modality={modality} className="grid size-7 place-items-center rounded-lg bg-hue-soft text-hue">
              <Icon className="size-3.5" />
            </span>
          </Fragment>
        );
      })}
      {/* biome-ignore-end lint/suspicious/noArrayIndexKey: see above */}
    </div>
  );
}
