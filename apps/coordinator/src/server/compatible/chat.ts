import { AtelierError, limits, newId, type RunEvent } from '@atelier/protocol';
import type { Context } from 'hono';
import { z } from 'zod';
import type { Person } from '../identity/caller.ts';
import { readJson } from '../read-json.ts';
import type { Services } from '../services.ts';
import { compatibleErrorBody } from './compatible-error.ts';
import { asInput, outputText, runSingleStep, type SingleStep } from './single-step.ts';

const Part = z.object({ type: z.literal('text'), text: z.string() });
const Message = z.object({
  role: z.enum(['system', 'developer', 'user', 'assistant']),
  content: z.union([z.string(), z.array(Part)]).transform((content) => (typeof content === 'string' ? content : content.map((part) => part.text).join(''))),
});

/** Fields that we have no use for are let pass, as clients send many. */
const ChatRequest = z.object({
  model: z.string().max(200),
  messages: z.array(Message).min(1).max(500),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().optional() }).nullish(),
  max_tokens: z.int().nullish(),
  max_completion_tokens: z.int().nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  seed: z.int().nullish(),
  n: z.literal(1, 'only one answer at a time').nullish(),
});
type ChatRequest = z.infer<typeof ChatRequest>;

const usualTokens = 512;
/** A common rule for English text; models here do not say how many tokens they read. */
const charactersPerToken = 4;

/** `POST /v1/chat/completions`, whole or streamed. */
export async function completeChat(services: Services, person: Person, context: Context): Promise<Response> {
  const request = await readJson(context, ChatRequest, 4 * limits.textBytes);
  const messages = JSON.stringify(request.messages);
  if (Buffer.byteLength(messages) > limits.textBytes) {
    throw new AtelierError('too-large', `The messages have over ${limits.textBytes} bytes.`, { hint: 'Leave the oldest ones out.' });
  }
  const step = asStep(request, await asInput(services, person, messages, 'application/json'));
  const answer = { id: `chatcmpl-${newId()}`, created: Math.floor(Date.now() / 1000), model: request.model };
  if (request.stream) return streamed(services, person, { request, step, answer });
  const result = await runSingleStep(services, person, step, { signal: context.req.raw.signal });
  const content = await outputText(services, result);
  const message = { role: 'assistant', content, refusal: null };
  const choice = { index: 0, message, logprobs: null, finish_reason: finishReason(request, content) };
  return Response.json({ ...answer, object: 'chat.completion', choices: [choice], usage: usage(request, content) });
}

function asStep(request: ChatRequest, input: SingleStep['input']): SingleStep {
  const stop = typeof request.stop === 'string' ? [request.stop] : (request.stop ?? undefined);
  const parameters = {
    instruction: 'chat',
    maxTokens: request.max_completion_tokens ?? request.max_tokens ?? usualTokens,
    temperature: request.temperature ?? undefined,
    topP: request.top_p ?? undefined,
    stop,
    seed: request.seed ?? undefined,
  };
  return { task: 'text-generation', model: request.model, parameters, input };
}

function tokens(text: string): number {
  return Math.ceil(text.length / charactersPerToken);
}

/** Estimates, for clients that add them up. */
function usage(request: ChatRequest, content: string) {
  const prompt = request.messages.reduce((sum, message) => sum + tokens(message.content), 0);
  return { prompt_tokens: prompt, completion_tokens: tokens(content), total_tokens: prompt + tokens(content) };
}

function finishReason(request: ChatRequest, content: string): 'stop' | 'length' {
  return tokens(content) >= (request.max_completion_tokens ?? request.max_tokens ?? usualTokens) ? 'length' : 'stop';
}

interface Streaming {
  readonly request: ChatRequest;
  readonly step: SingleStep;
  readonly answer: { id: string; created: number; model: string };
}

/** Server-sent events, one for each piece of text; the reader's hanging up cancels the run. */
function streamed(services: Services, person: Person, streaming: Streaming): Response {
  const hungUp = new AbortController();
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const send = (data: unknown) => {
        if (!hungUp.signal.aborted) controller.enqueue(Buffer.from(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`));
      };
      try {
        await writeAnswer(services, person, streaming, { send, signal: hungUp.signal });
      } catch (thrown) {
        send(compatibleErrorBody(AtelierError.from(thrown)));
      }
      if (!hungUp.signal.aborted) controller.close();
    },
    cancel: () => hungUp.abort(),
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache', 'x-accel-buffering': 'no' } });
}

async function writeAnswer(
  services: Services,
  person: Person,
  { request, step, answer }: Streaming,
  { send, signal }: { send: (data: unknown) => void; signal: AbortSignal },
): Promise<void> {
  const chunk = (delta: object, finish: string | null) => ({
    ...answer,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  });
  let told = '';
  let attempt: string | undefined;
  const onEvent = (event: RunEvent): void => {
    if (event.kind !== 'text') return;
    // A second attempt begins anew, but what was sent cannot be taken back: the rest comes from the whole text at the end.
    attempt ??= event.attemptId;
    if (event.attemptId !== attempt) return;
    told += event.delta;
    send(chunk({ content: event.delta }, null));
  };
  send(chunk({ role: 'assistant', content: '' }, null));
  const content = await outputText(services, await runSingleStep(services, person, step, { signal, onEvent }));
  const rest = restOf(content, told);
  if (rest !== '') send(chunk({ content: rest }, null));
  send(chunk({}, finishReason(request, content)));
  if (request.stream_options?.include_usage) send({ ...chunk({}, null), choices: [], usage: usage(request, content) });
  send('[DONE]');
}

/** What of the whole text was not streamed. Streamed pieces may differ from it in white space at both ends. */
function restOf(content: string, told: string): string {
  if (content.startsWith(told)) return content.slice(told.length);
  const start = told.trimStart();
  return content.startsWith(start) ? content.slice(start.length) : '';
}
