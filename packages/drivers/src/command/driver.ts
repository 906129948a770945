import { readFileSync } from 'node:fs';
import { open, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
// Not from the package's own index.ts, which loads codecs that a command does not need.
import { canBe, sniffMediaType } from '@atelier/media/sniff';
import { AtelierError, limits, modalityOf, type TaskDeclaration } from '@atelier/protocol';
import { z } from 'zod';
import type { Driver, MediaFile, ModelSource, StepRequest, StepResult } from '../driver.ts';
import { readOptions, refuseTask } from '../step-files.ts';
import { fillArguments } from './arguments.ts';
import { runProgram } from './program.ts';

const Options = z.strictObject({
  /** The program and its arguments, as a list. `{model}` stands for the model's folder. */
  command: z.array(z.string().min(1)).min(1),
  /** Media types by output port, such as `image: image/png`. A port that no argument names takes the standard output, if it is a text. */
  outputs: z.record(z.string(), z.string()).default({}),
  timeoutSeconds: z.number().positive().max(86_400).default(600),
  environment: z.record(z.string(), z.string()).default({}),
});
type Options = z.infer<typeof Options>;

/** Runs a declared program, once for each step. */
export const command: Driver = {
  name: 'command',
  async load(source) {
    const options = readOptions(Options, source.manifest);
    return { run: (request) => runStep(source, options, request), close: async () => undefined };
  },
  describeDevice: async () => ({ device: 'its own', reason: 'A command uses what it was written for; Atelier does not know.' }),
};

async function runStep(source: ModelSource, options: Options, request: StepRequest): Promise<StepResult> {
  const { task, inputs, outFolder, parameters, report } = request;
  if (!source.manifest.tasks.includes(task.name)) refuseTask(`command (${source.manifest.id})`, task.name);
  checkInputs(task, request);
  const mediaTypes = outputTypes(task, options, source.manifest.id);
  const output = Object.fromEntries(Object.entries(mediaTypes).map(([port, mediaType]) => [port, join(outFolder, `${port}${extension(mediaType)}`)]));
  const values = {
    input: Object.fromEntries(Object.entries(inputs).map(([port, files]) => [port, files.map((file) => file.path)])),
    text: (port: string) => readText(inputs[port]?.[0]),
    output,
    parameters,
  };
  const [file, ...args] = options.command.map((argument) => argument.replaceAll('{model}', source.folder));
  const argv = [file as string, ...fillArguments(args, values)];
  report.progress(0);
  const textPort = Object.entries(mediaTypes).find(
    ([port, type]) => type.startsWith('text/') && !options.command.some((argument) => argument.includes(`{output.${port}}`)),
  )?.[0];
  const said = await runProgram({
    argv,
    cwd: outFolder,
    environment: options.environment,
    timeoutMs: options.timeoutSeconds * 1000,
    report,
    streamsText: textPort !== undefined,
  });
  if (textPort !== undefined) await writeFile(output[textPort] as string, said);
  const result = await Promise.all(
    Object.entries(mediaTypes).map(
      async ([port, mediaType]) => [port, [await checkOutput(output[port] as string, mediaType, options.command[0] as string)]] as const,
    ),
  );
  report.progress(1);
  return Object.fromEntries(result);
}

function checkInputs(task: TaskDeclaration, { inputs }: StepRequest): void {
  for (const [name, { required }] of Object.entries(task.inputs)) {
    if (required && !inputs[name]?.length) throw new AtelierError('invalid-input', `${task.name} needs a value for "${name}".`);
  }
}

const usualTypes = {
  text: 'text/plain; charset=utf-8',
  image: 'image/png',
  audio: 'audio/wav',
  video: 'video/mp4',
  signal: 'application/x-signal',
  tensor: 'application/octet-stream',
};

/** Ports that need not be there are written only if the owner's manifest names them. */
function outputTypes(task: TaskDeclaration, { outputs, command }: Options, id: string): Record<string, string> {
  for (const [port, mediaType] of Object.entries(outputs)) {
    const declared = task.outputs[port];
    if (!declared) throw new AtelierError('invalid-input', `options.outputs of ${id} names "${port}", but ${task.name} has no such output.`);
    if (modalityOf(mediaType) !== declared.modality)
      throw new AtelierError('invalid-input', `options.outputs of ${id}: ${mediaType} is not of the kind ${declared.modality}.`);
  }
  const isWritten = (port: string) => task.outputs[port]?.required || port in outputs || command.some((argument) => argument.includes(`{output.${port}}`));
  const ports = Object.entries(task.outputs).filter(([port]) => isWritten(port));
  return Object.fromEntries(ports.map(([port, { modality }]) => [port, outputs[port] ?? usualTypes[modality]]));
}

function readText(file: MediaFile | undefined): string {
  if (!file) return '';
  const bytes = readFileSync(file.path);
  // Operating systems bound one argument to about 128 KiB, and a NUL ends it.
  if (bytes.length > limits.textBytes)
    throw new AtelierError('too-large', `A text of ${bytes.length} bytes does not fit into an argument.`, {
      hint: 'Use {input.port}, the path, instead of {text.port}.',
    });
  if (bytes.includes(0)) throw new AtelierError('invalid-input', 'A text with a NUL in it cannot be an argument.');
  return bytes.toString('utf8');
}

const endings: Readonly<Record<string, string>> = {
  'text/plain': '.txt',
  'application/json': '.json',
  'image/png': '.png',
  'image/jpeg': '.jpg',
  'image/webp': '.webp',
  'image/gif': '.gif',
  'audio/wav': '.wav',
  'audio/mpeg': '.mp3',
  'audio/ogg': '.ogg',
  'audio/flac': '.flac',
  'video/mp4': '.mp4',
  'video/webm': '.webm',
};

const extension = (mediaType: string) => endings[essence(mediaType)] ?? '.bin';
const essence = (mediaType: string) => (mediaType.split(';')[0] as string).trim();

/** That the file was written and is what was declared, by its first bytes where the kind has such. */
async function checkOutput(path: string, mediaType: string, program: string): Promise<MediaFile> {
  const status = await stat(path).catch(() => undefined);
  if (!status?.isFile())
    throw new AtelierError('step-failed', `${program} ended well but did not write ${path}.`, { hint: 'The path is given to it as {output.…}.' });
  if (canBe(mediaType, sniffMediaType(await headOf(path))) === false) {
    throw new AtelierError('unsupported-media', `${program} should have written ${mediaType}, but the bytes are something else.`, {
      hint: 'Correct the program, or options.outputs.',
    });
  }
  return { path, mediaType };
}

async function headOf(path: string): Promise<Uint8Array> {
  const handle = await open(path);
  try {
    const head = Buffer.alloc(4096);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    return head.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
