import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { boundedFetch } from '@atelier/bounded-body';
import {
  AtelierError,
  cutText,
  limits,
  type ParametersOf,
  parametersOf,
  TextUsage,
  type TranscriptSegment,
  textGeneration,
  textToImage,
} from '@atelier/protocol';
import OpenAI, { APIConnectionError, APIConnectionTimeoutError, APIError, toFile } from 'openai';
import { z } from 'zod';
import { readChat } from '../chat.ts';
import type { Driver, StepRequest, StepResult } from '../driver.ts';
import { inputFile, inputText, jsonResult, readOptions, refuseTask, requireJson, textResult } from '../step-files.ts';

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

/** The largest is a picture in base64. */
const answerBytes = Math.ceil((limits.pictureBytes / 3) * 4) + limits.serverAnswerBytes;

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
    const client = new OpenAI({
      baseURL: options.baseUrl,
      apiKey,
      timeout: options.timeoutSeconds * 1000,
      maxRetries: 1,
      organization: null,
      project: null,
      fetch: boundedFetch(answerBytes, `The answer of ${new URL(options.baseUrl).host}`),
    });
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
  const said = `${host} answered ${error.status ?? 'with an error'}: ${cutText(error.message, 300)}`;
  if (error.status === 401 || error.status === 403)
    return new AtelierError('step-failed', said, { hint: `Check the key in ${apiKeyEnv ?? 'options.apiKeyEnv'}.`, cause: error });
  if (error.status === 404)
    return new AtelierError('step-failed', said, { hint: `Does the server have the model "${model}", and does options.baseUrl end in /v1?`, cause: error });
  if (error.status === 429) return new AtelierError('rate-limited', said, { hint: 'Wait a while.', cause: error });
  return new AtelierError('step-failed', said, { cause: error });
}

type TextParameters = ParametersOf<typeof textGeneration>;

async function generateText(remote: Remote, request: StepRequest): Promise<StepResult> {
  const { instruction, maxTokens } = parametersOf(request, textGeneration);
  const text = await inputText(request, 'prompt');
  request.report.progress(0, 'waiting');
  let written = '';
  let count = 0;
  let ending: Ending = {};
  for await (const piece of instruction === 'continue' ? continued(remote, request, text) : answered(remote, request, text)) {
    ending = { ...ending, ...piece.ending };
    if (piece.delta === '') continue;
    written += piece.delta;
    count += 1;
    if (written.length > limits.textBytes) throw new AtelierError('too-large', `The server wrote more than ${limits.textBytes} characters.`);
    request.report.text(piece.delta);
    request.report.progress(Math.min(0.99, count / maxTokens), `${count} tokens`);
  }
  const { format, stop } = parametersOf(request, textGeneration);
  // A stop word may cut JSON too.
  if (format === 'json' && stop.length === 0) requireJson(written, ending.finish);
  request.report.progress(1);
  return { ...(await textResult(request, 'text', instruction === 'continue' ? written : written.trim())), ...(await usageOf(request, ending)) };
}

/** What the last pieces of a stream say of the whole. */
interface Ending {
  readonly finish?: string;
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number };
}

interface Piece {
  readonly delta: string;
  readonly ending: Ending;
}

async function* answered({ client, options }: Remote, request: StepRequest, text: string): AsyncGenerator<Piece> {
  const { instruction, system, format, schema, ...parameters } = parametersOf(request, textGeneration);
  const isPrompt = instruction === 'picture-prompt';
  const messages = readChat(text, isPrompt ? 'text/plain' : inputFile(request, 'prompt').mediaType, isPrompt ? options.picturePrompt : system);
  const json_schema = schema ? { name: 'answer', schema: JSON.parse(schema), strict: true } : undefined;
  const held = json_schema ? ({ type: 'json_schema', json_schema } as const) : ({ type: 'json_object' } as const);
  const stream = await client.chat.completions.create({
    model: options.model,
    messages,
    ...(format === 'json' ? { response_format: held } : {}),
    ...sampling(parameters),
  });
  for await (const { choices, usage } of stream) yield { delta: choices[0]?.delta?.content ?? '', ending: endingOf(choices[0]?.finish_reason, usage) };
}

async function* continued({ client, options }: Remote, request: StepRequest, prompt: string): AsyncGenerator<Piece> {
  const stream = await client.completions.create({ model: options.model, prompt, ...sampling(parametersOf(request, textGeneration)) });
  for await (const { choices, usage } of stream) yield { delta: choices[0]?.text ?? '', ending: endingOf(choices[0]?.finish_reason, usage) };
}

function endingOf(finish: string | null | undefined, usage: Ending['usage'] | null | undefined): Ending {
  return { ...(finish ? { finish } : {}), ...(usage ? { usage } : {}) };
}

function sampling({ maxTokens, temperature, topP, stop, seed }: Pick<TextParameters, 'maxTokens' | 'temperature' | 'topP' | 'stop' | 'seed'>) {
  return {
    max_tokens: maxTokens,
    temperature,
    top_p: topP,
    ...(stop.length > 0 ? { stop: [...stop] } : {}),
    ...(seed === undefined ? {} : { seed }),
    stream: true,
    stream_options: { include_usage: true },
  } as const;
}

/** Only what the server itself counted; many servers do not. */
async function usageOf(request: StepRequest, { finish, usage }: Ending): Promise<StepResult> {
  if (usage === undefined) return {};
  const counted = { promptTokens: usage.prompt_tokens, completionTokens: usage.completion_tokens, finish: finish === 'length' ? 'length' : 'stop' };
  const parsed = TextUsage.safeParse(counted);
  return parsed.success ? jsonResult(request, 'usage', parsed.data) : {};
}

/** Servers that were asked for times and do not know them, by the client that speaks to them. */
const withoutTimes = new WeakSet<OpenAI>();

async function transcribe({ client, options }: Remote, request: StepRequest): Promise<StepResult> {
  const { path, mediaType } = inputFile(request, 'audio');
  const { language, prompt, temperature } = request.parameters as { language?: string; prompt?: string; temperature?: number };
  request.report.progress(0, 'sending');
  const kind = mediaType.split(';')[0]?.split('/')[1]?.replace('mpeg', 'mp3').replace('x-wav', 'wav') ?? 'wav';
  const file = async () => toFile(createReadStream(path), `audio.${kind}`, { type: mediaType });
  const asked = {
    model: options.model,
    ...(language ? { language } : {}),
    ...(prompt ? { prompt } : {}),
    ...(temperature === undefined ? {} : { temperature }),
  };
  const timed = withoutTimes.has(client) ? undefined : await transcribeTimed(client, { ...asked, file: await file() });
  const { text } = timed ?? (await client.audio.transcriptions.create({ ...asked, file: await file() }));
  // Only now it is known that the times were refused, and not the recording.
  if (timed === undefined) withoutTimes.add(client);
  request.report.text(text.trim());
  request.report.progress(1);
  const segments = timed && segmentsOf(timed, language);
  return { ...(await textResult(request, 'text', text.trim())), ...(segments ? await jsonResult(request, 'segments', segments) : {}) };
}

/** With the times of segments and words; undefined from a server or model that refuses to tell them. */
async function transcribeTimed(client: OpenAI, asked: { model: string; file: File }): Promise<OpenAI.Audio.TranscriptionVerbose | undefined> {
  try {
    return await client.audio.transcriptions.create({ ...asked, response_format: 'verbose_json', timestamp_granularities: ['segment', 'word'] });
  } catch (error) {
    if (!(error instanceof APIError) || (error.status !== 400 && error.status !== 422)) throw error;
    return undefined;
  }
}

/** @returns undefined if the server answered without times although it was asked */
function segmentsOf({ segments, words }: OpenAI.Audio.TranscriptionVerbose, language: string | undefined): TranscriptSegment[] | undefined {
  return segments?.map(({ start, end, text, avg_logprob, compression_ratio, no_speech_prob, temperature }, index) => {
    const last = index === segments.length - 1;
    const own = words?.filter((word) => (word.start >= start || index === 0) && (word.start < (segments[index + 1]?.start ?? end) || last));
    const confidence = { averageLogProbability: avg_logprob, compressionRatio: compression_ratio, noSpeechProbability: no_speech_prob, temperature };
    const known = Object.values(confidence).every((value) => typeof value === 'number');
    return { start, end, text: text.trim(), ...(language ? { language } : {}), ...(own ? { words: own } : {}), ...(known ? { confidence } : {}) };
  });
}

async function draw({ client, options }: Remote, request: StepRequest): Promise<StepResult> {
  const prompt = await inputText(request, 'prompt');
  const { width, height } = parametersOf(request, textToImage);
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
    throw new AtelierError('step-failed', `${new URL(options.baseUrl).host} sent no image.`, {
      hint: 'The server must be able to answer with response_format b64_json.',
    });
  if (encoded.length > (limits.pictureBytes / 3) * 4) throw new AtelierError('too-large', 'The server sent an image that is too large.');
  // Loaded here, so that a text step does not carry the codecs.
  const { encodePng, readPicture } = await import('@atelier/media');
  const path = join(request.outFolder, 'picture.png');
  await writeFile(path, await encodePng(await readPicture(Buffer.from(encoded, 'base64'))));
  request.report.progress(1);
  return { image: [{ path, mediaType: 'image/png' }] };
}
