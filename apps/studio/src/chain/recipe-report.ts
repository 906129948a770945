import type { ArtifactHash, EdgeView, RecipeDocument, TaskView } from '@atelier/protocol';
import type { z } from 'zod';
import { byName } from './draft.ts';

type Hash = z.infer<typeof ArtifactHash>;

/** A step of a recipe beside what this studio has. `other-weights`: a model of this name, but not the same files. */
export interface StepReport {
  readonly stepId: string;
  readonly title: string;
  readonly modelId: string | null;
  readonly model: 'same' | 'other-weights' | 'not-here' | 'unknown-task';
  readonly seed: number | null;
}

/** A file that a recipe reads, by its hash. */
export interface FileInput {
  readonly name: string;
  readonly hash: Hash;
  readonly mediaType: string;
  readonly sizeBytes: number;
}

/** What of a recipe can be made again here, step by step. */
export function stepReports(recipe: RecipeDocument, tasks: readonly TaskView[], edges: readonly EdgeView[]): StepReport[] {
  const here = edges.filter((edge) => edge.state !== 'revoked').flatMap((edge) => edge.models.filter((model) => model.state === 'ready'));
  return recipe.chain.steps.map((step) => {
    const task = byName(tasks, step.task);
    const used = recipe.modelHashes[step.id];
    const named = here.filter((model) => model.manifest.id === used?.modelId);
    const same = named.some((model) => model.modelHash === used?.modelHash);
    const model = task === undefined ? 'unknown-task' : same || used === undefined ? 'same' : named.length > 0 ? 'other-weights' : 'not-here';
    const { seed } = step.parameters;
    return {
      stepId: step.id,
      title: task?.title ?? step.task,
      modelId: used?.modelId ?? step.model ?? null,
      model,
      seed: typeof seed === 'number' ? seed : null,
    };
  });
}

/** The files among the inputs of a recipe; texts stand in it as they were. */
export function filesOf(recipe: RecipeDocument): FileInput[] {
  return Object.entries(recipe.inputs).flatMap(([name, input]) => ('text' in input ? [] : [{ name, ...input }]));
}

/** The texts of a recipe: its inputs, and what is written into its steps as a prompt. */
export function textsOf(recipe: RecipeDocument): Array<{ name: string; text: string }> {
  const given = Object.entries(recipe.inputs).flatMap(([name, input]) => ('text' in input ? [{ name, text: input.text }] : []));
  const written = recipe.chain.steps.flatMap((step) =>
    Object.entries(step.inputs).flatMap(([port, sources]) =>
      sources.flatMap((source) => (typeof source === 'string' ? [] : [{ name: port, text: source.text }])),
    ),
  );
  const keyframes = recipe.chain.steps.flatMap((step) => promptsOfKeyframes(step.parameters.keyframes));
  return [...given, ...written, ...keyframes].filter(({ text }) => text.trim() !== '');
}

function promptsOfKeyframes(keyframes: unknown): Array<{ name: string; text: string }> {
  if (!Array.isArray(keyframes)) return [];
  return keyframes.flatMap((keyframe: { prompt?: unknown }, index) =>
    typeof keyframe?.prompt === 'string' ? [{ name: `Keyframe ${index + 1}`, text: keyframe.prompt }] : [],
  );
}
