import { AtelierError, decodeText, limits, modalityOf, type RecipeDocument, type TaskView } from '@atelier/protocol';
import { readRecipe } from '@atelier/recipe';
import { create } from 'zustand';
import { announce, complain } from '../ui/toast.tsx';
import { chainInputs, readerOfInput } from './chain-inputs.ts';
import { compose } from './composer-state.ts';
import { giveFile } from './start-run.ts';
import { tasksThatBeginWith } from './uses.ts';

/** A file that came and about which something has to be asked: a recipe in it, or which task it is for. */
export type Dropped = { readonly kind: 'recipe'; readonly file: File; readonly recipe: RecipeDocument } | { readonly kind: 'use'; readonly file: File };

export const useDropped = create<{ dropped: Dropped | null }>(() => ({ dropped: null }));
export const ask = (dropped: Dropped | null) => useDropped.setState({ dropped });

/** The recipe in a file, or null. Says what is wrong with one that cannot be read. */
async function recipeOf(file: File): Promise<RecipeDocument | null> {
  if (file.size > limits.pictureBytes || !/^(image|video)\//.test(file.type)) return null;
  try {
    return readRecipe(new Uint8Array(await file.arrayBuffer()));
  } catch (problem) {
    complain(problem);
    return null;
  }
}

/**
 * Takes files from outside: a recipe is offered to be restored, anything else goes to the input of its modality or begins a chain.
 * @returns true if the composer should be shown, since something is in it now
 */
export async function takeFiles(files: readonly File[], tasks: readonly TaskView[]): Promise<boolean> {
  const [first, ...more] = files;
  if (!first) return false;
  const recipe = files.length === 1 ? await recipeOf(first) : null;
  if (recipe) {
    ask({ kind: 'recipe', file: first, recipe });
    return false;
  }
  const name = await offerFile(first, tasks);
  if (name !== null) for (const file of more) giveBeside(name, file, tasks);
  return name !== null;
}

/** Restores a file that was chosen for its recipe. */
export async function takeRecipe(file: File): Promise<void> {
  const recipe = await recipeOf(file);
  if (recipe) ask({ kind: 'recipe', file, recipe });
  else
    complain(
      new AtelierError('not-found', `${file.name} holds no recipe.`, {
        hint: 'Images and videos that are downloaded from Atelier hold one; other programs often remove it when they save.',
      }),
    );
}

/**
 * Gives a file to the input of its modality, and asks what it is for where none takes it.
 * @returns the input's name; null if there is none yet
 */
export async function offerFile(file: File, tasks: readonly TaskView[]): Promise<string | null> {
  const modality = modalityOf(file.type);
  if (modality === 'text') return offerText(decodeText(new Uint8Array(await file.arrayBuffer())), tasks);
  const name = fittingInput(tasks, modality);
  if (name !== undefined) {
    giveFile(name, file);
    return name;
  }
  const [only, ...others] = modality ? tasksThatBeginWith(tasks, modality) : [];
  if (!only)
    complain(new AtelierError('unsupported-media', `No task takes a file like ${file.name}.`, { hint: 'Images, recordings and texts can begin a chain.' }));
  else if (others.length > 0) ask({ kind: 'use', file });
  else return beginWith(only, file, tasks);
  return null;
}

/** Begins a chain with a task that reads the file, with a way back to the chain that was there. */
export function beginWith(task: TaskView, file: File, tasks: readonly TaskView[]): string | null {
  compose.startWith(task.name, undefined, `New chain: ${task.title}.`);
  const name = fittingInput(tasks, modalityOf(file.type));
  if (name !== undefined) giveFile(name, file, { along: true });
  return name ?? null;
}

/** The input of a modality that a file would go to: the first that is empty, else the first. */
function fittingInput(tasks: readonly TaskView[], modality: string | undefined): string | undefined {
  const { draft, given } = compose.now();
  const fitting = Object.entries(chainInputs(draft, tasks)).filter(([, input]) => input.modality === modality);
  return (fitting.find(([name]) => given[name] === undefined) ?? fitting[0])?.[0];
}

/** Gives one more file to a port that takes many. */
export function giveBeside(name: string, file: File, tasks: readonly TaskView[]): void {
  const use = readerOfInput(compose.now().draft, tasks, name);
  const added = use?.task.inputs[use.port]?.many ? compose.another(name, tasks) : undefined;
  if (added !== undefined) giveFile(added, file, { along: true });
}

function offerText(text: string, tasks: readonly TaskView[]): string | null {
  const name = fittingInput(tasks, 'text');
  if (name === undefined) announce('This chain takes no text.');
  else compose.give(name, { kind: 'text', text });
  return name ?? null;
}
