import { type ResolvedChain, type RunView, type StepView, seedsOfShard } from '@atelier/protocol';

/** The seed that an image of a batch differs by; null if its step has no seed at all. @param shard its number in the batch, from 0 */
export function seedOfImage({ parameters }: Pick<StepView, 'parameters'>, shard: number): number | null {
  if (parameters.seed === undefined || parameters.count === undefined) return null;
  const { seed, variationSeed } = seedsOfShard(parameters, shard);
  return variationSeed ?? seed;
}

/** The chain of a run, but for one step that makes a single image of its batch. */
export function chainOfImage({ chain }: Pick<RunView, 'chain'>, step: Pick<StepView, 'id' | 'parameters'>, shard: number): ResolvedChain {
  const alone = { ...step.parameters, ...seedsOfShard(step.parameters, shard), count: 1 };
  return { ...chain, steps: chain.steps.map((one) => (one.id === step.id ? { ...one, parameters: alone } : one)) };
}
