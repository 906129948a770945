import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { decodeAudio, isSilent, type MonoSound } from '@atelier/media';
import { AtelierError, type TranscriptSegment } from '@atelier/protocol';
import { AutoProcessor, AutoTokenizer, env, WhisperForConditionalGeneration } from '@huggingface/transformers';
import { z } from 'zod';
import type { Driver, LoadedModel, ModelSource, StepReport, StepRequest, StepResult } from '../driver.ts';
import {
  type Listened,
  listen,
  openVoiceDetector,
  type Span,
  sampleRate,
  type VoiceDetector,
  voiceSpans,
  type WhisperModel,
  whisperEar,
} from '../speech/index.ts';
import { inputFile, jsonResult, readOptions, refuseTask, textResult } from '../step-files.ts';

const Options = z.strictObject({
  /** The precision of the weights, as Transformers.js names it; it chooses the files in onnx/. */
  dtype: z.enum(['fp32', 'fp16', 'q8', 'q4', 'q4f16', 'int8', 'uint8', 'bnb4']).default('fp32'),
  /** Languages that the model knows, as ISO 639 codes. More than one makes `language` a choice. */
  languages: z.array(z.string()).min(1).default(['en']),
  /** Silero VAD among the files, in its sequence form; without it a recording is heard whole, pauses and all. */
  voiceDetector: z.string().optional(),
});
type Options = z.infer<typeof Options>;

interface Recogniser {
  readonly whisper: WhisperModel;
  readonly detector: VoiceDetector | undefined;
  readonly options: Options;
}

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
  const recogniser = { ...(await open(source, options, threads)), options };
  return {
    run: (request) => transcribe(recogniser, request),
    close: async () => {
      await Promise.all([recogniser.whisper.model.dispose(), recogniser.detector?.close()]);
    },
  };
}

async function open({ manifest, folder }: ModelSource, { dtype, voiceDetector }: Options, threads: number): Promise<Omit<Recogniser, 'options'>> {
  const name = basename(folder);
  // The arena of ONNX Runtime keeps every peak for ever; without it a loaded model is a third smaller and as quick.
  const session_options = { intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: 'sequential' as const, enableCpuMemArena: false };
  const local = { local_files_only: true };
  try {
    const model = await WhisperForConditionalGeneration.from_pretrained(name, { ...local, dtype, device: 'cpu', session_options });
    const tokenizer = await AutoTokenizer.from_pretrained(name, local);
    const processor = await AutoProcessor.from_pretrained(name, local);
    const detector = voiceDetector === undefined ? undefined : await openVoiceDetector(join(folder, voiceDetector));
    return { whisper: { model, tokenizer, processor }, detector };
  } catch (cause) {
    throw new AtelierError('invalid-input', `Transformers.js cannot load ${manifest.id}: ${(cause as Error).message.split('\n')[0]}`, {
      hint: 'Is it a Whisper model, with all files of its layout in the manifest: config.json, tokenizer.json, preprocessor_config.json and the graphs in onnx/?',
      cause,
    });
  }
}

interface Parameters {
  readonly language?: string;
  readonly prompt?: string;
  readonly temperature?: number;
}

async function transcribe(recogniser: Recogniser, request: StepRequest): Promise<StepResult> {
  if (request.task.name !== 'automatic-speech-recognition') refuseTask('transformers', request.task.name);
  const { language, prompt, temperature = 0 } = request.parameters as Parameters;
  const { languages } = recogniser.options;
  if (language !== undefined && !languages.includes(language)) {
    throw new AtelierError('parameter-out-of-bounds', `This model does not know the language "${language}".`, { hint: `It knows: ${languages.join(', ')}.` });
  }
  const { report } = request;
  report.progress(0, 'listening');
  const sound = await decodeAudio(await readFile(inputFile(request, 'audio').path), sampleRate);
  const ear = whisperEar(recogniser.whisper, { language: language ?? (languages.length === 1 ? languages[0] : undefined), languages, prompt });
  const space = ear.hasSpaces ? ' ' : '';
  const heard = await listen(ear, sound.samples, await speechIn(sound, recogniser.detector), { temperature, heard: teller(report, space) });
  report.progress(1);
  const text = heard.segments.map((segment) => segment.text).join(space);
  return { ...(await textResult(request, 'text', text)), ...(await jsonResult(request, 'segments', inOrder(heard))) };
}

/** Where somebody speaks; without a detector everything but silence is taken for speech. */
async function speechIn(sound: MonoSound, detector: VoiceDetector | undefined): Promise<readonly Span[]> {
  if (isSilent(sound)) return [];
  const { samples } = sound;
  return detector ? voiceSpans(await detector.likelihoods(samples), samples.length) : [{ start: 0, end: samples.length }];
}

/** Tells of each window what was understood in it. */
function teller(report: StepReport, space: string): (segments: readonly TranscriptSegment[], fraction: number) => void {
  let told = 0;
  return (segments, fraction) => {
    const delta = segments.slice(told).map((segment, index) => `${told + index > 0 ? space : ''}${segment.text}`);
    if (delta.length > 0) report.text(delta.join(''));
    told = segments.length;
    report.progress(Math.min(0.99, fraction), `${Math.round(fraction * 100)} % heard`);
  };
}

/** What was said, and in its place what was not understood. */
function inOrder({ segments, unclear }: Listened): TranscriptSegment[] {
  const doubted = unclear.map(({ start, end }) => ({ start: start / sampleRate, end: end / sampleRate, text: '', unclear: true }));
  return [...segments, ...doubted].sort((a, b) => a.start - b.start);
}
