import { z } from 'zod';
import { ResolvedChain } from './chain.ts';
import { RecordedControls } from './control.ts';
import { ArtifactHash, ModelId, StepName } from './ids.ts';

/** An input of a recipe: a text as it was, anything else by its name, for whoever still has the bytes. */
export const RecipeInput = z.union([
  z.object({ text: z.string() }).strict(),
  z.object({ hash: ArtifactHash, mediaType: z.string().max(200), sizeBytes: z.number().int().nonnegative() }).strict(),
]);
export type RecipeInput = z.infer<typeof RecipeInput>;

/**
 * How a result was made, complete enough to make it again: it travels inside saved files. Says nothing of people, machines or
 * times. `chain` holds only the steps that led to the result, with every seed, and names the model of each.
 */
export const RecipeDocument = z.object({
  atelier: z.literal(1),
  chain: ResolvedChain,
  inputs: z.record(z.string(), RecipeInput),
  /** SHA-256 over the files of each step's model. */
  modelHashes: z.record(StepName, z.object({ modelId: ModelId, modelHash: z.string() })),
  /** What steps were told while they ran, and where it took effect. Absent if nothing. */
  controls: RecordedControls.optional(),
  /** Which value of which step this is. */
  result: z.object({ stepId: StepName, port: z.string(), index: z.number().int().nonnegative() }),
});
export type RecipeDocument = z.infer<typeof RecipeDocument>;
