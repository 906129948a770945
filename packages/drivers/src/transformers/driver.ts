import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { decodeAudio, isSilent } from '@atelier/media';
import { AtelierError } from '@atelier/protocol';
import { type AutomaticSpeechRecognitionPipeline, env, pipeline, TextStreamer } from '@huggingface/transformers';
import { z } from 'zod';
import type { Driver, LoadedModel, ModelSource, StepRequest, StepResult } from '../driver.ts';
import { inputFile, readOptions, refuseTask, textResult } from '../step-files.ts';

const Options = z.strictObject({
  /** The precision of the weights, as Transformers.js names it; it chooses the files in onnx/. */
  dtype: z.enum(['fp32', 'fp16', 'q8', 'q4', 'q4f16', 'int8', 'uint8', 'bnb4']).default('fp32'),
  /** Languages that the model knows, as ISO 639 codes. More than one makes `language` a choice. */
  languages: z.array(z.string()).min(1).default(['en']),
});
type Options = z.infer<typeof Options>;

/** Samples a second that Whisper and its kin hear. */
const sampleRate = 16_000;
/** Seconds that Whisper hears at once, and the overlap by which pieces of a longer recording are joined. */
const window = { seconds: 30, strideSeconds: 5 };

/** Runs models for Transformers.js from a local folder; nothing is ever fetched. */
export const transformers: Driver = {
  name: 'transformers',
  load: loadRecogniser,
  describeDevice: async () => ({ device: 'cpu', reason: 'ONNX Runtime comes from the registry without CUDA.' }),
};

async function loadRecogniser(source: ModelSource, { threads }: { threads: number }): Promise<LoadedModel> {
  const options = readOptions(Options, source.manifest);
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.localModelPath = dirname(source.folder);
  const recogniser = await openPipeline(source, options, threads);
  return {
    run: (request) => transcribe(recogniser, options, request),
    close: async () => {
      await recogniser.dispose();
    },
  };
}

async function openPipeline({ manifest, folder }: ModelSource, { dtype }: Options, threads: number): Promise<AutomaticSpeechRecognitionPipeline> {
  try {
    // The arena of ONNX Runtime keeps every peak for ever; without it a loaded model is a third smaller and as quick.
    const session_options = { intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: 'sequential' as const, enableCpuMemArena: false };
    return await pipeline('automatic-speech-recognition', basename(folder), { dtype, device: 'cpu', local_files_only: true, session_options });
  } catch (cause) {
    throw new AtelierError('invalid-input', `Transformers.js cannot load ${manifest.id}: ${(cause as Error).message.split('\n')[0]}`, {
      hint: 'Are all files of its layout in the manifest: config.json, tokenizer.json, preprocessor_config.json and the graphs in onnx/?',
      cause,
    });
  }
}

async function transcribe(recogniser: AutomaticSpeechRecognitionPipeline, { languages }: Options, request: StepRequest): Promise<StepResult> {
  if (request.task.name !== 'automatic-speech-recognition') refuseTask('transformers', request.task.name);
  const { language } = request.parameters as { language?: string };
  if (language !== undefined && !languages.includes(language)) {
    throw new AtelierError('parameter-out-of-bounds', `This model does not know the language "${language}".`, { hint: `It knows: ${languages.join(', ')}.` });
  }
  const { report } = request;
  report.progress(0, 'listening');
  const sound = await decodeAudio(await readFile(inputFile(request, 'audio').path), sampleRate);
  // Whisper hears words in silence (" you"), so silence is not shown to it.
  const text = isSilent(sound) ? '' : await hear(recogniser, sound.samples, request, languages.length > 1 ? language : undefined);
  report.text(text);
  report.progress(1);
  return textResult(request, 'text', text);
}

async function hear(
  recogniser: AutomaticSpeechRecognitionPipeline,
  samples: Float32Array,
  { report }: StepRequest,
  language: string | undefined,
): Promise<string> {
  const isLong = samples.length > window.seconds * sampleRate;
  const step = (window.seconds - 2 * window.strideSeconds) * sampleRate;
  const pieces = isLong ? Math.ceil((samples.length - window.seconds * sampleRate) / step) + 1 : 1;
  const options = {
    streamer: new PieceCounter(recogniser.tokenizer, (heard) =>
      report.progress(Math.min(0.99, heard / pieces), `piece ${Math.min(heard, pieces)} of ${pieces}`),
    ),
    ...(isLong ? { chunk_length_s: window.seconds, stride_length_s: window.strideSeconds } : {}),
    ...(language === undefined ? {} : { language, task: 'transcribe' }),
  };
  const result = await recogniser(samples, options);
  const texts = Array.isArray(result) ? result : [result];
  return texts
    .map(({ text }) => text)
    .join(' ')
    .trim();
}

/** Hears only that a piece is done: the texts of pieces overlap and are joined at the end. */
class PieceCounter extends TextStreamer {
  readonly #tell: (heard: number) => void;
  #heard = 0;
  constructor(tokenizer: ConstructorParameters<typeof TextStreamer>[0], tell: (heard: number) => void) {
    super(tokenizer);
    this.#tell = tell;
  }
  override put(): void {
    // Words are not shown before they are joined.
  }
  override end(): void {
    this.#heard += 1;
    this.#tell(this.#heard);
  }
}
