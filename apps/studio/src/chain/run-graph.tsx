import { modalityOf as modalityOfMedia, type RunView, type TaskView } from '@atelier/protocol';
import { Link } from 'react-router';
import { Card } from '../ui/blocks.tsx';
import { StateBadge } from '../ui/state.tsx';
import { byName, makes } from './draft.ts';
import { LaneGraph } from './lane-graph.tsx';
import { isBranched } from './lanes.ts';
import { graphOf } from './wiring.ts';

/** Where the card of a step stands on the page of its run. */
export const stepAnchor = (stepId: string) => `step-${stepId}`;

/** Who feeds whom in a run whose chain has branches, and how each step stands. A chain that is a line says that by its order. */
export function RunGraph({ run, tasks }: { run: RunView; tasks: readonly TaskView[] }) {
  const readers = run.chain.steps.map(({ id, inputs }) => ({
    id,
    sources: Object.values(inputs)
      .flat()
      .filter((source) => typeof source === 'string'),
  }));
  const nodes = graphOf(readers);
  const stepOf = (id: string) => run.steps.find((step) => step.id === id);
  if (!isBranched(nodes, (id) => stepOf(id) !== undefined)) return null;
  const inputOf = (id: string) => run.inputs.find(({ name }) => `inputs.${name}` === id);
  const modalityOf = (id: string) => modalityOfMedia(inputOf(id)?.mediaType ?? '') ?? makes(byName(tasks, stepOf(id)?.task ?? ''));
  const numbered = new Set(run.steps.map(({ task }) => task)).size < run.steps.length;
  const nameOf = (id: string) => {
    const step = stepOf(id);
    if (!step) return inputOf(id)?.name ?? id;
    return numbered ? `${run.steps.indexOf(step) + 1}. ${byName(tasks, step.task)?.title ?? id}` : (byName(tasks, step.task)?.title ?? id);
  };
  return (
    <Card aria-label="Steps and branches" className="p-5 sm:px-6">
      <LaneGraph nodes={nodes} nameOf={nameOf} modalityOf={modalityOf}>
        {(id) => {
          const step = stepOf(id);
          if (!step) return null;
          const link = (
            <Link to={`#${stepAnchor(id)}`} className="shrink-0 text-sm font-semibold hover:underline">
              {nameOf(id)}
            </Link>
          );
          return { step: link, state: <StateBadge state={step.state} /> };
        }}
      </LaneGraph>
    </Card>
  );
}
