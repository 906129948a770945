import type { RecipeDocument, TaskView } from '@atelier/protocol';
import { client } from '../api/client.ts';
import { sentenceOf } from '../api/sentence.ts';
import { type Composition, compose, type GivenOutput } from './composer-state.ts';
import { type FileInput, filesOf, type StepReport } from './recipe-report.ts';

/** What a recipe reads and the caller still has, or not. */
export interface RecipeFiles {
  readonly found: Readonly<Record<string, GivenOutput>>;
  readonly missing: readonly FileInput[];
}

/** Looks among the caller's own results and uploads for the files that a recipe reads. @throws AtelierError where the studio does not answer */
export async function findRecipeFiles(recipe: RecipeDocument): Promise<RecipeFiles> {
  const looked = await Promise.all(filesOf(recipe).map(async (file) => ({ file, output: await ownOutput(file) })));
  return {
    found: Object.fromEntries(looked.flatMap(({ file, output }) => (output ? [[file.name, output] as const] : []))),
    missing: looked.flatMap(({ file, output }) => (output ? [] : [file])),
  };
}

async function ownOutput({ hash, name }: FileInput): Promise<GivenOutput | null> {
  try {
    const item = await client.gallery.byHash({ hash });
    return { kind: 'output', outputId: item.id, mediaType: item.mediaType, sizeBytes: item.sizeBytes, name: item.caption || name };
  } catch (problem) {
    if (sentenceOf(problem).code === 'not-found') return null;
    throw problem;
  }
}

/**
 * Lays a recipe into the composer: chain, seeds and parameters, texts, and the files that were found. Models that are not here are
 * left to the planner, since a chain that asks for one could not run.
 */
export function restoreRecipe(
  recipe: RecipeDocument,
  tasks: readonly TaskView[],
  files: RecipeFiles,
  reports: readonly StepReport[],
  words = 'Chain restored, with its seeds.',
): void {
  const texts = Object.entries(recipe.inputs).flatMap(([name, input]) => ('text' in input ? [[name, { kind: 'text', text: input.text }] as const] : []));
  const given: Composition['given'] = { ...Object.fromEntries(texts), ...files.found };
  const gone = new Set(reports.filter((report) => report.model === 'not-here').map((report) => report.stepId));
  const steps = recipe.chain.steps.map(({ model, ...step }) => (model === undefined || gone.has(step.id) ? step : { ...step, model }));
  compose.loadChain({ ...recipe.chain, steps }, tasks, given, words);
}
