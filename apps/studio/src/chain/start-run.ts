import type { Chain, ExampleView, OutputId, RunView, TaskView } from '@atelier/protocol';
import { AtelierError, newId } from '@atelier/protocol';
import { api, client, queries } from '../api/client.ts';
import { exampleFile, uploadFile } from '../api/upload-file.ts';
import { complain } from '../ui/toast.tsx';
import { type Composition, compose, type Given } from './composer-state.ts';
import { chainOf } from './draft.ts';

type NewRun = Parameters<typeof client.runs.create>[0];

/**
 * Uploads a chosen file at once and keeps the composer told, so that running waits for nothing.
 * @param over of a painted mask: the input whose picture it was painted over
 */
export function giveFile(name: string, file: File, over?: string): void {
  const tell = (change: Partial<Extract<Given, { kind: 'file' }>>) => {
    const now = compose.now().given[name];
    if (now?.kind === 'file' && now.file === file) compose.give(name, { ...now, ...change });
  };
  compose.give(name, { kind: 'file', file, progress: 0, upload: null, error: null, ...(over === undefined ? {} : { over }) });
  uploadFile(file, (progress) => tell({ progress })).then(
    (upload) => tell({ upload, progress: 1 }),
    (error: unknown) => tell({ error }),
  );
}

/** Lays an example into the composer, with its files. */
export function editExample(example: ExampleView, tasks: readonly TaskView[]): void {
  compose.loadExample(example, tasks);
  for (const [name, input] of Object.entries(example.inputs)) {
    if ('file' in input) exampleFile(input).then((file) => giveFile(name, file), complain);
  }
}

/** What is still missing before the chain can run, as a sentence, or null. */
export function missing(composition: Composition, names: readonly string[]): string | null {
  if (composition.draft.steps.length === 0) return 'Add a step first.';
  for (const name of names) {
    const given = composition.given[name];
    if (!given || (given.kind === 'text' && given.text.trim() === '')) return `Give the ${name} first.`;
    if (given.kind === 'file' && given.error) return `Choose the ${name} again: it could not be uploaded.`;
    if (given.kind === 'file' && !given.upload) return 'The file is still on its way.';
  }
  return null;
}

/**
 * Runs what was composed.
 * @param fresh computes everything, whatever the result cache knows
 */
export async function runComposition(composition: Composition, names: readonly string[], fresh = false): Promise<RunView> {
  const why = missing(composition, names);
  if (why) throw new AtelierError('invalid-input', why);
  const inputs = Object.fromEntries(names.map((name) => [name, inputValue(composition.given[name] as Given)]));
  return started({ chain: chainOf(composition.draft), inputs, fresh });
}

function inputValue(given: Given): { text: string } | { outputId: OutputId } {
  if (given.kind === 'text') return { text: given.text };
  if (given.kind === 'output') return { outputId: given.outputId };
  if (!given.upload) throw new AtelierError('unavailable', 'The file is still on its way.');
  return { outputId: given.upload.outputId };
}

/** Runs an example as it stands. */
export async function runExample(example: ExampleView): Promise<RunView> {
  const inputs: NonNullable<NewRun['inputs']> = {};
  for (const [name, input] of Object.entries(example.inputs)) {
    if ('text' in input) inputs[name] = input;
    else inputs[name] = { outputId: (await uploadFile(await exampleFile(input), () => undefined)).outputId };
  }
  return started({ chain: example.chain as unknown as Chain, name: example.title, inputs });
}

async function started(run: NewRun): Promise<RunView> {
  const made = await client.runs.create(run, { context: { idempotencyKey: newId() } });
  void queries.invalidateQueries({ queryKey: api.runs.key() });
  void queries.invalidateQueries({ queryKey: api.queue.key() });
  return made;
}
