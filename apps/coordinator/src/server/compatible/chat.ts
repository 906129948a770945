import { type AtelierError, limits, newId } from '@atelier/protocol';
import type { Context } from 'hono';
import { z } from 'zod';
import type { Person } from '../identity/caller.ts';
import type { Services } from '../services.ts';
import { compatibleErrorBody } from './compatible-error.ts';
import { eventStream, type Told } from './event-stream.ts';
import { ignoredHeader } from './fields.ts';
import { Message } from './message.ts';
import { resolveModel } from './model-names.ts';
import { countField, Format, formatParameters, readRequest, samplingFields, seedField, seedOf, stopField, tokensField } from './request.ts';
import { askTexts, finishOf, type TextQuestion, usageOf, usualTokens } from './text-step.ts';

const ChatRequest = z.object({
  ...samplingFields,
  messages: z.array(Message).min(1).max(limits.messagesPerChat),
  stream_options: z.object({ include_usage: z.boolean().optional() }).nullish(),
  max_tokens: tokensField,
  max_completion_tokens: tokensField,
  stop: stopField,
  seed: seedField,
  n: countField,
  response_format: Format.nullish(),
});
type ChatRequest = z.infer<typeof ChatRequest>;

/** `POST /v1/chat/completions`, whole or streamed; one run for each of `n` answers. */
export async function completeChat(services: Services, person: Person, context: Context): Promise<Response> {
  const { request, without } = await readRequest(context, 'POST /v1/chat/completions', ChatRequest);
  const headers = ignoredHeader(without);
  const answer = { id: `chatcmpl-${newId()}`, created: Math.floor(Date.now() / 1000), model: request.model };
  const questions = questionsOf(request);
  await resolveModel(services, request.model);
  if (request.stream) {
    const explain = (error: AtelierError) => ({ data: compatibleErrorBody(error) });
    return eventStream((told) => writeChat(services, person, { request, questions, answer }, told), explain, headers);
  }
  const answers = await askTexts(services, person, questions, { signal: context.req.raw.signal });
  const choices = answers.map((one, index) => ({
    index,
    message: { role: 'assistant', content: one.text, refusal: null },
    logprobs: null,
    finish_reason: finishOf(one),
  }));
  return Response.json({ ...answer, object: 'chat.completion', choices, usage: usageOf(answers) }, { headers });
}

function questionsOf(request: ChatRequest): TextQuestion[] {
  const count = request.n ?? 1;
  const parameters = {
    maxTokens: request.max_completion_tokens ?? request.max_tokens ?? usualTokens,
    temperature: request.temperature ?? (count > 1 ? 1 : undefined),
    topP: request.top_p,
    stop: request.stop,
    ...formatParameters(request.response_format),
  };
  return Array.from({ length: count }, (_, index) => ({
    model: request.model,
    parameters: { ...parameters, seed: seedOf(request.seed, index) },
    from: request.messages,
  }));
}

interface Chat {
  readonly request: ChatRequest;
  readonly questions: readonly TextQuestion[];
  readonly answer: { id: string; created: number; model: string };
}

async function writeChat(services: Services, person: Person, { request, questions, answer }: Chat, { send, signal }: Told): Promise<void> {
  const chunk = (index: number, delta: object, finish: string | null) =>
    send({ ...answer, object: 'chat.completion.chunk', choices: [{ index, delta, logprobs: null, finish_reason: finish }] });
  for (const index of questions.keys()) chunk(index, { role: 'assistant', content: '' }, null);
  const answers = await askTexts(services, person, questions, {
    signal,
    onText: (index, content) => chunk(index, { content }, null),
    onAnswer: (index, one) => chunk(index, {}, finishOf(one)),
  });
  if (request.stream_options?.include_usage) send({ ...answer, object: 'chat.completion.chunk', choices: [], usage: usageOf(answers) ?? null });
  send('[DONE]');
}
