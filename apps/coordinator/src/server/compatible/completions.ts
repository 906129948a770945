import { type AtelierError, limits, newId } from '@atelier/protocol';
import type { Context } from 'hono';
import { z } from 'zod';
import type { Person } from '../identity/caller.ts';
import type { Services } from '../services.ts';
import { compatibleErrorBody } from './compatible-error.ts';
import { eventStream, type Told } from './event-stream.ts';
import { FieldError, ignoredHeader } from './fields.ts';
import { resolveModel } from './model-names.ts';
import { countField, readRequest, samplingFields, seedField, seedOf, stopField, tokensField } from './request.ts';
import { askTexts, finishOf, type TextAnswer, type TextQuestion, usageOf } from './text-step.ts';

const Text = z.string().min(1).max(limits.textBytes);
const CompletionRequest = z.object({
  ...samplingFields,
  prompt: z
    .union([Text, z.array(Text).min(1).max(limits.answersPerRequest)], 'a text or a list of texts; lists of tokens are not understood')
    .transform((prompt) => (typeof prompt === 'string' ? [prompt] : prompt)),
  max_tokens: tokensField,
  stop: stopField,
  seed: seedField,
  n: countField,
  stream_options: z.object({ include_usage: z.boolean().optional() }).nullish(),
});
type CompletionRequest = z.infer<typeof CompletionRequest>;

const usualTokens = 16;

/** `POST /v1/completions`: goes on where each text ends. */
export async function completeText(services: Services, person: Person, context: Context): Promise<Response> {
  const { request, without } = await readRequest(context, 'POST /v1/completions', CompletionRequest);
  const headers = ignoredHeader(without);
  const answer = { id: `cmpl-${newId()}`, object: 'text_completion', created: Math.floor(Date.now() / 1000), model: request.model };
  const questions = questionsOf(request);
  await resolveModel(services, request.model);
  if (request.stream) {
    const explain = (error: AtelierError) => ({ data: compatibleErrorBody(error) });
    return eventStream((told) => writeTexts(services, person, { request, questions, answer }, told), explain, headers);
  }
  const answers = await askTexts(services, person, questions, { signal: context.req.raw.signal });
  const choices = answers.map((one, index) => ({ index, text: one.text, logprobs: null, finish_reason: finishOf(one) }));
  return Response.json({ ...answer, choices, usage: usageOfAll(request, answers) }, { headers });
}

function questionsOf(request: CompletionRequest): TextQuestion[] {
  const count = request.n ?? 1;
  if (count * request.prompt.length > limits.answersPerRequest) {
    throw new FieldError('n', `${request.prompt.length} texts with ${count} answers each are over ${limits.answersPerRequest}.`, 'Send several requests.');
  }
  const parameters = {
    maxTokens: request.max_tokens ?? usualTokens,
    temperature: request.temperature ?? (count > 1 ? 1 : undefined),
    topP: request.top_p,
    stop: request.stop,
  };
  return request.prompt.flatMap((from) =>
    Array.from({ length: count }, (_, index) => ({ model: request.model, parameters: { ...parameters, seed: seedOf(request.seed, index) }, from })),
  );
}

/** Each text was read once for all of its answers. */
function usageOfAll({ prompt }: CompletionRequest, answers: readonly TextAnswer[]) {
  const each = answers.length / prompt.length;
  const counted = prompt.map((_, index) => usageOf(answers.slice(index * each, (index + 1) * each)));
  if (counted.some((usage) => usage === undefined)) return undefined;
  const sum = (key: 'prompt_tokens' | 'completion_tokens' | 'total_tokens') => counted.reduce((total, usage) => total + (usage?.[key] ?? 0), 0);
  return { prompt_tokens: sum('prompt_tokens'), completion_tokens: sum('completion_tokens'), total_tokens: sum('total_tokens') };
}

interface Texts {
  readonly request: CompletionRequest;
  readonly questions: readonly TextQuestion[];
  readonly answer: { id: string; object: string; created: number; model: string };
}

async function writeTexts(services: Services, person: Person, { request, questions, answer }: Texts, { send, signal }: Told): Promise<void> {
  const chunk = (index: number, text: string, finish: string | null) => send({ ...answer, choices: [{ index, text, logprobs: null, finish_reason: finish }] });
  const answers = await askTexts(services, person, questions, {
    signal,
    onText: (index, text) => chunk(index, text, null),
    onAnswer: (index, one) => chunk(index, '', finishOf(one)),
  });
  if (request.stream_options?.include_usage) send({ ...answer, choices: [], usage: usageOfAll(request, answers) ?? null });
  send('[DONE]');
}
