import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AtelierError, parametersOf, type TextUsage, textGeneration } from '@atelier/protocol';
import { loadModel } from '@fugood/llama.node';
import { z } from 'zod';
import { type ChatMessage, readChat } from '../chat.ts';
import type { Driver, ModelSource, StepRequest, StepResult } from '../driver.ts';
import { inputFile, inputText, jsonResult, readOptions, requireJson, textResult } from '../step-files.ts';
import { jsonGrammar } from './json-grammar.ts';
import { picturePrompt } from './picture-prompt.ts';

type Context = Awaited<ReturnType<typeof loadModel>>;

const Options = z.object({
  /** Tokens of text and answer together that the model keeps in mind; memory grows with it. */
  contextTokens: z.int().min(256).max(131_072).default(2048),
  /** The GGUF file, where the manifest has several. */
  file: z.string().optional(),
});

/** Most tokens of a prompt for a picture: text encoders of pictures read 24 to 77. */
const promptTokens = 64;

/** Writes texts with a GGUF model. */
export const llama: Driver = {
  name: 'llama',
  async load(source, { threads }) {
    const { contextTokens, file } = readOptions(Options, source.manifest);
    const context = await openModel(ggufPath(source, file), contextTokens, threads);
    return {
      run: (request) => write(context, request, contextTokens),
      close: () => context.release(),
    };
  },
  describeDevice: async () => ({
    device: 'cpu',
    reason: 'llama.cpp comes here as a build for processors; its builds for CUDA and Vulkan are hundreds of megabytes and are not installed.',
  }),
};

function ggufPath({ manifest, folder }: ModelSource, chosen: string | undefined): string {
  const path = chosen ?? manifest.files.find((file) => file.path.endsWith('.gguf'))?.path;
  if (path !== undefined && existsSync(join(folder, path))) return join(folder, path);
  throw new AtelierError('invalid-input', `${manifest.id} has no GGUF file${path === undefined ? '' : ` at ${path}`}.`, {
    hint: 'The driver llama needs a file that ends in .gguf; name it in options.file if there are several.',
  });
}

async function openModel(path: string, contextTokens: number, threads: number): Promise<Context> {
  try {
    // A batch of 128 instead of 512 keeps the scratch memory of a large vocabulary at a quarter.
    return await loadModel({
      model: path,
      n_ctx: contextTokens,
      n_batch: 128,
      n_ubatch: 128,
      n_parallel: 1,
      n_threads: threads,
      n_gpu_layers: 0,
      use_mmap: true,
    });
  } catch (cause) {
    throw new AtelierError('invalid-input', `llama.cpp cannot read ${path}.`, {
      hint: 'The file may be of a kind that is newer than this release, or no GGUF at all.',
      cause,
    });
  }
}

async function write(context: Context, request: StepRequest, contextTokens: number): Promise<StepResult> {
  const parameters = parametersOf(request, textGeneration);
  const text = await inputText(request, 'prompt');
  if (text.trim() === '') throw new AtelierError('invalid-input', 'There is no text to start from.', { hint: 'Was the recording silent?' });
  const written = await generate(context, await questionOf(context, text, request), request, contextTokens);
  request.report.progress(1);
  if (parameters.format === 'json' && parameters.stop.length === 0) requireJson(written.text, written.usage.finish);
  const answer = parameters.instruction === 'continue' ? written.text : written.text.trim();
  return { ...(await textResult(request, 'text', answer)), ...(await jsonResult(request, 'usage', written.usage)) };
}

/** What llama.cpp is asked to go on from, and what holds its answer. */
interface Question {
  readonly prompt: string;
  readonly mostTokens: number;
  readonly stop: readonly string[];
  readonly grammar?: string;
}

async function questionOf(context: Context, text: string, request: StepRequest): Promise<Question> {
  const parameters = parametersOf(request, textGeneration);
  const { instruction, maxTokens, stop } = parameters;
  if (instruction === 'continue') return { prompt: text, mostTokens: maxTokens, stop };
  if (instruction === 'picture-prompt') {
    const { messages, grammar } = picturePrompt(text);
    return { ...(await chatQuestion(context, messages, stop)), mostTokens: Math.min(maxTokens, promptTokens), grammar };
  }
  const messages = readChat(text, inputFile(request, 'prompt').mediaType, parameters.system);
  const held = parameters.format === 'json' ? { grammar: await jsonGrammar(context, parameters.schema) } : {};
  return { ...(await chatQuestion(context, messages, stop)), mostTokens: maxTokens, ...held };
}

/** The messages in the form that the model was trained on. */
async function chatQuestion(context: Context, messages: readonly ChatMessage[], stop: readonly string[]): Promise<Pick<Question, 'prompt' | 'stop'>> {
  const chat = await context.getFormattedChat([...messages], undefined, { jinja: true });
  return { prompt: chat.prompt, stop: [...(chat.type === 'jinja' ? chat.additional_stops : []), ...stop] };
}

/**
 * Writes at most what the question allows and what still fits into the model's context.
 * @throws AtelierError `too-large` if the text alone fills the context
 */
async function generate(context: Context, question: Question, request: StepRequest, contextTokens: number): Promise<{ text: string; usage: TextUsage }> {
  const { mostTokens, ...held } = question;
  const { temperature, topP, seed } = parametersOf(request, textGeneration);
  const promptCount = (await context.tokenize(question.prompt)).tokens.length;
  const room = contextTokens - promptCount;
  if (room < 1) {
    throw new AtelierError('too-large', `The text has ${promptCount} tokens; ${contextTokens} fit together with an answer.`, {
      hint: 'Shorten the text, or raise options.contextTokens of the model.',
    });
  }
  // What an earlier step left behind would change the last bits of the arithmetic, and with them the text of one seed.
  await context.clearCache(false);
  request.report.progress(0, 'reading');
  const most = Math.min(mostTokens, room);
  let count = 0;
  const greedy = temperature === 0;
  const options = {
    ...held,
    stop: [...held.stop],
    n_predict: most,
    temperature,
    top_p: greedy ? 1 : topP,
    top_k: greedy ? 1 : 40,
    // llama.cpp takes -1 as "draw one", so the highest bit is left out.
    seed: (seed ?? 0) & 0x7fff_ffff,
  };
  const onToken = ({ token }: { token: string }) => {
    count += 1;
    request.report.progress(Math.min(0.99, count / most), `${count} tokens`);
    request.report.text(token);
  };
  const result = await context.completion(options, onToken);
  const isCut = result.stopped_limited || result.truncated;
  // llama.cpp counts the tokens that it read again: the last one is missing, unless that is the model's own end.
  const written = result.tokens_predicted + (result.stopped_eos ? 0 : 1);
  return {
    text: result.text,
    usage: { promptTokens: promptCount, completionTokens: isCut ? most : written, finish: isCut ? 'length' : 'stop' },
  };
}
