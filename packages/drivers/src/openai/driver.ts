import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AtelierError, limits } from '@atelier/protocol';
import OpenAI, { APIConnectionError, APIConnectionTimeoutError, APIError, toFile } from 'openai';
import { z } from 'zod';
import type { Driver, StepRequest, StepResult } from '../driver.ts';
import { readChat } from '../llama/chat.ts';
import { inputFile, inputText, readOptions, refuseTask, textResult } from '../step-files.ts';

const Options = z.strictObject({
  /** Such as http://localhost:11434/v1; it comes from the edge owner's own file, so it may lie in the home network. */
  baseUrl: z.url({ protocol: /^https?$/ }),
  /** The model's name on that server. */
  model: z.string().min(1),
  /** The environment variable that holds the key; none is sent without it. */
  apiKeyEnv: z.string().regex(/^\w+$/).optional(),
  timeoutSeconds: z.number().positive().max(3600).default(300),
  /** What `picture-prompt` tells the model. */
  picturePrompt: z
    .string()
    .default(
      'Turn what you are told into a short prompt for a picture: the subject with its colours, the style, the background. Answer with the prompt alone, in one line.',
    ),
});
type Options = z.infer<typeof Options>;
interface Remote {
  readonly client: OpenAI;
  readonly options: Options;
}

/** Runs steps on another server, streaming where the task is a text. */
export const openai: Driver = {
  name: 'openai',
  async load({ manifest }) {
    const options = readOptions(Options, manifest);
    const apiKey = options.apiKeyEnv === undefined ? 'none' : process.env[options.apiKeyEnv];
    if (!apiKey) {
      throw new AtelierError('invalid-input', `The key of ${manifest.id} should stand in the environment variable ${options.apiKeyEnv}, which is empty.`, {
        hint: `Set ${options.apiKeyEnv} where the edge is started.`,
      });
    }
    const client = new OpenAI({ baseURL: options.baseUrl, apiKey, timeout: options.timeoutSeconds * 1000, maxRetries: 1, organization: null, project: null });
    return { run: (request) => runStep({ client, options }, request), close: async () => undefined };
  },
  describeDevice: async () => ({ device: 'remote', reason: 'The model runs on the server that its options name.' }),
};

async function runStep(remote: Remote, request: StepRequest): Promise<StepResult> {
  const work = { 'text-generation': generateText, 'automatic-speech-recognition': transcribe, 'text-to-image': draw }[request.task.name];
  if (!work) refuseTask('openai', request.task.name);
  try {
    return await work(remote, request);
  } catch (error) {
    throw explain(error, remote.options);
  }
}

/** @returns an error that says which server and what may be done; never with the key or the prompt in it */
function explain(error: unknown, { baseUrl, model, apiKeyEnv, timeoutSeconds }: Options): unknown {
  const host = new URL(baseUrl).host;
  if (error instanceof APIConnectionTimeoutError) return new AtelierError('timeout', `${host} did not answer within ${timeoutSeconds} s.`, { cause: error });
  if (error instanceof APIConnectionError)
    return new AtelierError('unavailable', `${host} cannot be reached.`, { hint: 'Is the server running, and is options.baseUrl right?', cause: error });
  if (!(error instanceof APIError)) return error;
  const said = `${host} answered ${error.status ?? 'with an error'}: ${error.message.slice(0, 300)}`;
  if (error.status === 401 || error.status === 403)
    return new AtelierError('step-failed', said, { hint: `Check the key in ${apiKeyEnv ?? 'options.apiKeyEnv'}.`, cause: error });
  if (error.status === 404)
    return new AtelierError('step-failed', said, { hint: `Does the server have the model "${model}", and does options.baseUrl end in /v1?`, cause: error });
  if (error.status === 429) return new AtelierError('rate-limited', said, { hint: 'Wait a while.', cause: error });
  return new AtelierError('step-failed', said, { cause: error });
}

interface TextParameters {
  readonly instruction: 'picture-prompt' | 'chat' | 'custom';
  readonly system: string;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topP: number;
  readonly stop: readonly string[];
  readonly seed?: number;
}

async function generateText({ client, options }: Remote, request: StepRequest): Promise<StepResult> {
  const { instruction, system, maxTokens, temperature, topP, stop, seed } = request.parameters as unknown as TextParameters;
  const text = await inputText(request, 'prompt');
  const isPrompt = instruction === 'picture-prompt';
  const messages = readChat(text, isPrompt ? 'text/plain' : inputFile(request, 'prompt').mediaType, isPrompt ? options.picturePrompt : system);
  request.report.progress(0, 'waiting');
  const stream = await client.chat.completions.create({
    model: options.model,
    messages,
    max_tokens: maxTokens,
    temperature,
    top_p: topP,
    ...(stop.length > 0 ? { stop: [...stop] } : {}),
    ...(seed === undefined ? {} : { seed }),
    stream: true,
  });
  let written = '';
  let count = 0;
  for await (const chunk of stream) {
    const delta = chunk.choices[0]?.delta?.content ?? '';
    if (delta === '') continue;
    written += delta;
    count += 1;
    if (written.length > limits.textBytes) throw new AtelierError('too-large', `The server wrote more than ${limits.textBytes} characters.`);
    request.report.text(delta);
    request.report.progress(Math.min(0.99, count / maxTokens), `${count} tokens`);
  }
  request.report.progress(1);
  return textResult(request, 'text', written.trim());
}

async function transcribe({ client, options }: Remote, request: StepRequest): Promise<StepResult> {
  const { path, mediaType } = inputFile(request, 'audio');
  const { language } = request.parameters as { language?: string };
  request.report.progress(0, 'sending');
  const kind = mediaType.split(';')[0]?.split('/')[1]?.replace('mpeg', 'mp3').replace('x-wav', 'wav') ?? 'wav';
  const file = await toFile(createReadStream(path), `audio.${kind}`, { type: mediaType });
  const { text } = await client.audio.transcriptions.create({ model: options.model, file, ...(language ? { language } : {}) });
  request.report.text(text.trim());
  request.report.progress(1);
  return textResult(request, 'text', text.trim());
}

interface DrawParameters {
  readonly width?: number;
  readonly height?: number;
}

async function draw({ client, options }: Remote, request: StepRequest): Promise<StepResult> {
  const prompt = await inputText(request, 'prompt');
  const { width, height } = request.parameters as DrawParameters;
  request.report.progress(0, 'waiting');
  const answer = await client.images.generate({
    model: options.model,
    prompt,
    n: 1,
    response_format: 'b64_json',
    ...(width === undefined || height === undefined ? {} : { size: `${width}x${height}` as '1024x1024' }),
  });
  const encoded = answer.data?.[0]?.b64_json;
  if (!encoded)
    throw new AtelierError('step-failed', `${new URL(options.baseUrl).host} sent no picture.`, {
      hint: 'The server must be able to answer with response_format b64_json.',
    });
  if (encoded.length > (limits.pictureBytes / 3) * 4) throw new AtelierError('too-large', 'The server sent a picture that is too large.');
  // Loaded here, so that a text step does not carry the codecs.
  const { encodePng, readPicture } = await import('@atelier/media');
  const path = join(request.outFolder, 'picture.png');
  await writeFile(path, await encodePng(await readPicture(Buffer.from(encoded, 'base64'))));
  request.report.progress(1);
  return { image: [{ path, mediaType: 'image/png' }] };
}
