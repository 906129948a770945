import { z } from 'zod';
import { ModelId, StepName } from './ids.ts';
import { limits } from './limits.ts';
import { Modality } from './modality.ts';
import { Streams } from './stream.ts';

/** Where an input port takes a value from: `inputs.NAME`, `STEP.PORT`, `streams.NAME`, or a text written in the chain itself. */
export const Source = z.union([
  z.string().regex(/^(inputs|[a-z][a-z0-9-]{0,62})\.[A-Za-z][A-Za-z0-9]{0,62}$/, 'write inputs.NAME, streams.NAME or STEP.PORT'),
  z.object({ text: z.string().max(limits.textBytes) }).strict(),
]);
export type Source = z.infer<typeof Source>;

/** A step as people write it: the task's name alone, or with a name, parameters and wires. What is left out is filled in by `resolveChain`. */
export const ChainStep = z.object({
  id: StepName.optional(),
  task: z.string().max(100),
  /** Only this model, where there is a reason to choose it by hand. */
  model: ModelId.optional(),
  /** Only this edge, by name or id. */
  edge: z.string().max(100).optional(),
  parameters: z.record(z.string(), z.unknown()).default({}),
  inputs: z.record(z.string(), z.union([Source, z.array(Source).max(limits.valuesPerPort)])).default({}),
});
export type ChainStep = z.infer<typeof ChainStep>;

export const ChainInput = z.object({ modality: Modality, description: z.string().max(500).optional() });
export type ChainInput = z.infer<typeof ChainInput>;

/** What the user wants: tasks in a directed acyclic graph, most often a line. The form of chain files. */
export const Chain = z
  .object({
    name: z.string().max(200).optional(),
    description: z.string().max(2000).optional(),
    inputs: z.record(z.string(), ChainInput).default({}),
    /** Sources that go on while steps read them. Declared only: `resolveChain` refuses them until steps can read them. */
    streams: Streams.optional(),
    steps: z
      .array(z.union([z.string().max(100), ChainStep]))
      .min(1)
      .max(limits.stepsPerChain),
  })
  .strict();
export type Chain = z.input<typeof Chain>;

/** A step with nothing left out: name, validated parameters, a list of sources for every bound port. */
export const ResolvedStep = z.object({
  id: StepName,
  task: z.string(),
  model: ModelId.optional(),
  edge: z.string().optional(),
  parameters: z.record(z.string(), z.unknown()),
  inputs: z.record(z.string(), z.array(Source)),
});
export type ResolvedStep = z.infer<typeof ResolvedStep>;

/** A chain with nothing left out and its steps in an order in which each comes after what it reads. */
export const ResolvedChain = z.object({
  name: z.string(),
  inputs: z.record(z.string(), ChainInput),
  steps: z.array(ResolvedStep),
});
export type ResolvedChain = z.infer<typeof ResolvedChain>;

/** The names of the steps that a step reads. */
export function readsFrom(step: ResolvedStep): string[] {
  const names = Object.values(step.inputs)
    .flat()
    .filter((source) => typeof source === 'string')
    .map((source) => source.slice(0, source.indexOf('.')));
  return [...new Set(names)].filter((name) => name !== 'inputs');
}
