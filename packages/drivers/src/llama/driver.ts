import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AtelierError } from '@atelier/protocol';
import { loadModel } from '@fugood/llama.node';
import { z } from 'zod';
import type { Driver, ModelSource, StepRequest, StepResult } from '../driver.ts';
import { inputFile, inputText, readOptions, refuseTask, textResult } from '../step-files.ts';
import { type ChatMessage, readChat } from './chat.ts';
import { picturePrompt } from './picture-prompt.ts';

type Context = Awaited<ReturnType<typeof loadModel>>;

const Options = z.object({
  /** Tokens of text and answer together that the model keeps in mind; memory grows with it. */
  contextTokens: z.int().min(256).max(131_072).default(2048),
  /** The GGUF file, where the manifest has several. */
  file: z.string().optional(),
});

/** The parameters of text-generation, which its own schema has validated and filled in. */
interface Parameters {
  readonly instruction: 'picture-prompt' | 'chat' | 'custom';
  readonly system: string;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topP: number;
  readonly stop: readonly string[];
  readonly seed?: number;
}

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
  if (request.task.name !== 'text-generation') refuseTask('llama', request.task.name);
  const parameters = request.parameters as unknown as Parameters;
  const text = await inputText(request, 'prompt');
  if (text.trim() === '') throw new AtelierError('invalid-input', 'There is no text to start from.', { hint: 'Was the recording silent?' });
  if (parameters.instruction === 'picture-prompt') {
    const { messages, grammar } = picturePrompt(text);
    const bounded = { ...parameters, maxTokens: Math.min(parameters.maxTokens, promptTokens) };
    return finish(request, (await generate(context, messages, bounded, request, contextTokens, grammar)).trim());
  }
  const messages = readChat(text, inputFile(request, 'prompt').mediaType, parameters.system);
  return finish(request, (await generate(context, messages, parameters, request, contextTokens)).trim());
}

function finish(request: StepRequest, text: string): Promise<StepResult> {
  request.report.progress(1);
  return textResult(request, 'text', text);
}

/** @throws AtelierError `too-large` where text and answer do not fit the model's context */
async function generate(
  context: Context,
  messages: readonly ChatMessage[],
  parameters: Parameters,
  request: StepRequest,
  contextTokens: number,
  grammar?: string,
): Promise<string> {
  const chat = await context.getFormattedChat([...messages], undefined, { jinja: true });
  const textTokens = (await context.tokenize(chat.prompt)).tokens.length;
  if (textTokens + parameters.maxTokens > contextTokens) {
    throw new AtelierError(
      'too-large',
      `The text has ${textTokens} tokens; with an answer of ${parameters.maxTokens} it is over the ${contextTokens} that fit.`,
      {
        hint: 'Shorten the text, ask for fewer tokens, or raise options.contextTokens of the model.',
      },
    );
  }
  // What an earlier step left behind would change the last bits of the arithmetic, and with them the text of one seed.
  await context.clearCache(false);
  request.report.progress(0, 'reading');
  let count = 0;
  const greedy = parameters.temperature === 0;
  const options = {
    prompt: chat.prompt,
    n_predict: parameters.maxTokens,
    temperature: parameters.temperature,
    top_p: greedy ? 1 : parameters.topP,
    top_k: greedy ? 1 : 40,
    // llama.cpp takes -1 as "draw one", so the highest bit is left out.
    seed: (parameters.seed ?? 0) & 0x7fff_ffff,
    stop: [...(chat.type === 'jinja' ? chat.additional_stops : []), ...parameters.stop],
    ...(grammar === undefined ? {} : { grammar }),
  };
  const result = await context.completion(options, ({ token }: { token: string }) => {
    count += 1;
    request.report.progress(Math.min(0.99, count / parameters.maxTokens), `${count} tokens`);
    request.report.text(token);
  });
  return result.text;
}
