import type { ResolvedChain, ResolvedStep } from './chain.ts';
import type { Dimensions, DimensionsByName } from './dimensions.ts';
import { findTask } from './tasks/index.ts';

/** What is expected of a step before it runs. */
export interface ExpectedStep {
  /** Of one shard, in its task's own units; at least a tiny positive number. */
  readonly work: number;
  /** How large its outputs will be, by port, as far as that can be told. */
  readonly outputs: DimensionsByName;
}

const leastWork = 1e-9;

/**
 * What is expected of each step of a chain, from its parameters and from what it is given.
 * @param inputs dimensions of the chain's inputs by name, as far as they are known
 * @param sideOf pixels of the side of the images that a step draws where nothing else is asked for; undefined if that is not known
 */
export function expectedSteps(
  chain: Pick<ResolvedChain, 'steps'>,
  inputs: DimensionsByName,
  sideOf: (step: ResolvedStep) => number | undefined = () => undefined,
): ReadonlyMap<string, ExpectedStep> {
  const known = new Map<string, Dimensions>(Object.entries(inputs).map(([name, dimensions]) => [`inputs.${name}`, dimensions]));
  const expected = new Map<string, ExpectedStep>();
  for (const step of chain.steps) {
    const task = findTask(step.task);
    const given = dimensionsOf(step, known);
    const side = sideOf(step);
    const outputs = task.dimensions({ ...(side === undefined ? {} : { width: side, height: side }), ...step.parameters }, given);
    expected.set(step.id, { work: Math.max(task.work(step.parameters, given), leastWork), outputs });
    for (const [port, dimensions] of Object.entries(outputs)) known.set(`${step.id}.${port}`, dimensions);
  }
  return expected;
}

/** By port. A port with several values is known by its first. */
function dimensionsOf({ inputs }: ResolvedStep, known: ReadonlyMap<string, Dimensions>): DimensionsByName {
  return Object.fromEntries(
    Object.entries(inputs).flatMap(([port, [source]]) => {
      const dimensions = typeof source === 'string' ? known.get(source) : undefined;
      return dimensions ? [[port, dimensions]] : [];
    }),
  );
}
