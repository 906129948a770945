import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AtelierClient } from '@atelier/client';
import { type OutputView, type RunView, TranscriptSegments, toSrt, toVtt } from '@atelier/protocol';
import { endingOf } from './media-types.ts';
import { saveOutput } from './save-file.ts';

/** A result and the name of its file. */
export interface NamedResult {
  readonly step: string;
  readonly port: string;
  readonly index: number;
  readonly file: string;
  /** Of the file as it lies in the folder; before it is saved, of the artifact. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly mediaType: string;
  /** SHA-256 of the artifact, which has no recipe inside. */
  readonly artifact: string;
  readonly output: OutputView;
}

/**
 * Names every result by its step's place and name: `3-text-to-image.png`. What a step makes besides its first port has the port in its
 * name, `1-automatic-speech-recognition.segments.json`, and values of a port with several have their number.
 */
export function nameResults(run: RunView): NamedResult[] {
  return run.steps.flatMap((step, place) => {
    const main = step.outputs[0]?.port;
    return step.outputs.filter(isForPeople).map((output) => {
      const port = output.port === main ? '' : `.${output.port}`;
      const several = step.outputs.filter((other) => other.port === output.port).length > 1;
      const file = `${place + 1}-${step.id}${port}${several ? `-${output.index + 1}` : ''}.${endingOf(output.mediaType)}`;
      return {
        step: step.id,
        port: output.port,
        index: output.index,
        file,
        sha256: output.hash,
        sizeBytes: output.sizeBytes,
        mediaType: output.mediaType,
        artifact: output.hash,
        output,
      };
    });
  });
}

/**
 * Downloads every result of a run into a folder and writes `run.json` beside them. Each file is put in its place whole or not at
 * all. Pictures and films carry their recipe, so that their bytes are not those of the artifact; `run.json` names both.
 * @throws AtelierError `hash-mismatch`, `disk-full`
 */
export async function saveResults(client: AtelierClient, run: RunView, folder: string): Promise<NamedResult[]> {
  await mkdir(folder, { recursive: true });
  const results: NamedResult[] = [];
  for (const result of nameResults(run)) {
    results.push({ ...result, ...(await saveOutput(client, result.output, join(folder, result.file))) });
    if (isTranscript(result)) results.push(...(await saveSubtitles(result, folder)));
  }
  const files = results.map(({ output: _, ...about }) => about);
  await writeWhole(join(folder, 'run.json'), `${JSON.stringify({ ...run, files }, null, 2)}\n`);
  return results;
}

/** Counts of tokens are for programs; `run.json` names them with the other outputs. */
const isForPeople = ({ port, recipe }: OutputView) => !(port === 'usage' && recipe.task === 'text-generation');

const isTranscript = ({ port, output }: NamedResult) => port === 'segments' && output.recipe.task === 'automatic-speech-recognition';

/** Subtitles beside the segments that they are written from, as SubRip and WebVTT. */
async function saveSubtitles(segments: NamedResult, folder: string): Promise<NamedResult[]> {
  const said = TranscriptSegments.parse(JSON.parse(await readFile(join(folder, segments.file), 'utf8')));
  const kinds = [
    { ending: 'srt', mediaType: 'application/x-subrip', text: toSrt(said) },
    { ending: 'vtt', mediaType: 'text/vtt', text: toVtt(said) },
  ];
  return Promise.all(
    kinds.map(async ({ ending, mediaType, text }) => {
      const file = segments.file.replace(/\.segments\.json$/, `.${ending}`);
      await writeWhole(join(folder, file), text);
      const bytes = Buffer.from(text);
      return { ...segments, file, mediaType, sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length };
    }),
  );
}

async function writeWhole(file: string, text: string): Promise<void> {
  const part = `${file}.${process.pid}.part`;
  await writeFile(part, text);
  await rename(part, file);
}
