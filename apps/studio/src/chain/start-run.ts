import { isUnanswered } from '@atelier/client';
import type { Chain, ChainInput, ExampleView, OutputId, RunView, TaskView } from '@atelier/protocol';
import { AtelierError } from '@atelier/protocol';
import { exampleFile, uploadFile } from '../api/upload-file.ts';
import { complaintsOf } from '../form/fields.ts';
import { complain } from '../ui/toast.tsx';
import { type Composition, compose, type Given } from './composer-state.ts';
import { byName, chainOf } from './draft.ts';
import { type NewRun, sendOrKeep } from './outbox.ts';

/**
 * Uploads a chosen file at once and keeps the composer told, so that running waits for nothing.
 * @param more.over of a painted mask: the input whose picture it was painted over
 * @param more.along it belongs to the change before, and is undone with it
 */
export function giveFile(name: string, file: File, more: { over?: string | undefined; along?: boolean } = {}): void {
  const given: Given = { kind: 'file', file, progress: 0, upload: null, error: null, ...(more.over === undefined ? {} : { over: more.over }) };
  if (more.along) compose.giveAlong(name, given);
  else compose.give(name, given);
  upload(file);
}

/** Sends a file, and tells every place of the composer that has it, also those that can be undone. */
function upload(file: File): void {
  const tell = (news: Parameters<typeof compose.tell>[1]) => compose.tell(file, news);
  tell({ progress: 0, upload: null, error: null });
  uploadFile(file, (progress) => tell({ progress })).then(
    (arrived) => tell({ upload: arrived, progress: 1 }),
    (error: unknown) => tell({ error }),
  );
}

/** Lays an example into the composer, with its files, unless something else took its place before they came. */
export function editExample(example: ExampleView, tasks: readonly TaskView[]): void {
  compose.loadExample(example, tasks);
  const put = (name: string, file: File) => compose.now().example === example && giveFile(name, file, { along: true });
  for (const [name, input] of Object.entries(example.inputs)) {
    if ('file' in input) exampleFile(input).then((file) => put(name, file), complain);
  }
}

/** Sends files again that did not get through: as the studio answers again, and as one comes back by an undo. */
export function sendFilesAgain(): void {
  for (const given of Object.values(compose.now().given)) if (given.kind === 'file' && isUnanswered(given.error)) upload(given.file);
}

/** What is still missing before the chain can run, as a sentence, or null. */
export function missing(composition: Composition, inputs: Readonly<Record<string, ChainInput>>, tasks: readonly TaskView[]): string | null {
  if (composition.draft.steps.length === 0) return 'Add a step.';
  const wrong = wrongParameter(composition.draft, tasks);
  if (wrong) return wrong;
  for (const [name, { modality }] of Object.entries(inputs)) {
    const given = composition.given[name];
    if (!given || (given.kind === 'text' && given.text.trim() === '')) return modality === 'text' ? `Enter ${named(name)}.` : `Choose ${named(name)}.`;
    if (given.kind === 'file' && given.error) return `Choose ${named(name)} again: it could not be uploaded.`;
    if (given.kind === 'file' && !given.upload) return 'The file is still uploading.';
  }
  return null;
}

/** The first parameter that is out of its bounds, as a sentence, or null. The planner need not be asked about such a chain. */
export function wrongParameter(draft: Composition['draft'], tasks: readonly TaskView[]): string | null {
  for (const step of draft.steps) {
    const task = byName(tasks, step.task);
    const [first] = task ? complaintsOf(task.parameters, step.parameters) : [];
    if (first) return draft.steps.length === 1 ? first : `${task?.title}: ${first}`;
  }
  return null;
}

/** `prompt` as "a prompt", `image2` as "an image 2". */
const named = (name: string) => `${/^[aeiou]/i.test(name) ? 'an' : 'a'} ${name.replace(/(\d+)$/, ' $1')}`;

/**
 * Runs what was composed.
 * @param fresh computes everything, whatever the result cache knows
 * @returns the run, or null if it waits for the connection
 */
export async function runComposition(
  composition: Composition,
  asked: Readonly<Record<string, ChainInput>>,
  tasks: readonly TaskView[],
  fresh = false,
): Promise<RunView | null> {
  const why = missing(composition, asked, tasks);
  if (why) throw new AtelierError('invalid-input', why);
  const inputs = Object.fromEntries(Object.keys(asked).map((name) => [name, inputValue(composition.given[name] as Given)]));
  return sendOrKeep({ chain: chainOf(composition.draft), inputs, fresh }, titleOf(inputs) ?? composition.draft.name ?? 'A chain');
}

function inputValue(given: Given): { text: string } | { outputId: OutputId } {
  if (given.kind === 'text') return { text: given.text };
  if (given.kind === 'output') return { outputId: given.outputId };
  if (!given.upload) throw new AtelierError('unavailable', 'The file is still uploading.');
  return { outputId: given.upload.outputId };
}

/** The first text among inputs, as a title. */
const titleOf = (inputs: NonNullable<NewRun['inputs']>) => {
  const text = Object.values(inputs).find((input) => 'text' in input);
  return text && 'text' in text ? text.text.trim().slice(0, 80) : undefined;
};

/** Runs an example as it stands. @returns the run, or null if it waits for the connection */
export async function runExample(example: ExampleView): Promise<RunView | null> {
  const inputs: NonNullable<NewRun['inputs']> = {};
  for (const [name, input] of Object.entries(example.inputs)) {
    if ('text' in input) inputs[name] = input;
    else inputs[name] = { outputId: (await uploadFile(await exampleFile(input), () => undefined)).outputId };
  }
  return sendOrKeep({ chain: example.chain as unknown as Chain, name: example.title, inputs }, example.title);
}
