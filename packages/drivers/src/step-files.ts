import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AtelierError, limits, type ModelManifest } from '@atelier/protocol';
import type { z } from 'zod';
import type { MediaFile, StepRequest, StepResult } from './driver.ts';

/** The single value of an input port. @throws AtelierError `invalid-input` if it is missing or there are several */
export function inputFile(request: StepRequest, port: string): MediaFile {
  const files = request.inputs[port] ?? [];
  if (files.length === 1) return files[0] as MediaFile;
  throw new AtelierError('invalid-input', `${request.task.name} needs one value for "${port}", and ${files.length} came.`, {
    hint: `Give it with --input, or connect a step's output to it.`,
  });
}

/** The text of an input port. @throws AtelierError `invalid-input`, `too-large`, `unsupported-media` */
export async function inputText(request: StepRequest, port: string): Promise<string> {
  return readText(inputFile(request, port), port);
}

/**
 * A file's text.
 * @param port what the text is for, as errors name it
 * @throws AtelierError `too-large`, `unsupported-media`, `damaged-media`
 */
export async function readText({ path, mediaType }: MediaFile, port: string): Promise<string> {
  if (!mediaType.startsWith('text/') && !mediaType.startsWith('application/json')) {
    throw new AtelierError('unsupported-media', `"${port}" should be a text, but is ${mediaType}.`);
  }
  if ((await stat(path)).size > limits.textBytes) {
    throw new AtelierError('too-large', `The text for "${port}" is longer than ${limits.textBytes / 1024} KiB.`, {
      hint: 'Shorten it, or split it over several runs.',
    });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (cause) {
    throw new AtelierError('damaged-media', `The text for "${port}" is not UTF-8.`, { cause });
  }
}

const plainText = 'text/plain; charset=utf-8';

/** Writes a text as the value of an output port. */
export async function textResult(request: StepRequest, port: string, text: string): Promise<StepResult> {
  const path = join(request.outFolder, `${port}.txt`);
  await writeFile(path, text);
  return { [port]: [{ path, mediaType: plainText }] };
}

/** Writes JSON as the value of an output port. */
export async function jsonResult(request: StepRequest, port: string, value: unknown): Promise<StepResult> {
  const path = join(request.outFolder, `${port}.json`);
  await writeFile(path, JSON.stringify(value));
  return { [port]: [{ path, mediaType: 'application/json' }] };
}

/**
 * Looks whether a text that was held to JSON is JSON, since some programs take the wish for it and ignore it without a word.
 * @param finish one that was cut need not be
 * @throws AtelierError `step-failed`
 */
export function requireJson(text: string, finish: string | undefined): void {
  if (finish === 'length') return;
  try {
    JSON.parse(text);
  } catch (cause) {
    throw new AtelierError('step-failed', 'JSON was asked for, and the model wrote something else.', {
      hint: 'Its program may not know how to hold a model to JSON. Choose another model, or the format text.',
      cause,
    });
  }
}

/** @throws AtelierError `unknown-task` */
export function refuseTask(driver: string, task: string): never {
  throw new AtelierError('unknown-task', `The driver ${driver} does not do ${task}.`);
}

/** Reads a manifest's options by the driver's own schema. @throws AtelierError `invalid-input` naming the option */
export function readOptions<T extends z.ZodType>(schema: T, manifest: ModelManifest): z.infer<T> {
  const parsed = schema.safeParse(manifest.options);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AtelierError('invalid-input', `options.${issue?.path.join('.')} of ${manifest.id}: ${issue?.message}.`, {
    hint: `Correct the options in the manifest of ${manifest.id}.`,
    cause: parsed.error,
  });
}
