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
import { Format, formatParameters, readRequest, samplingFields, tokensField } from './request.ts';
import { askText, finishOf, type TextAnswer, type TextQuestion, usageOf, usualTokens } from './text-step.ts';

const ResponseRequest = z.object({
  ...samplingFields,
  model: z.string().max(200),
  input: z
    .union([z.string().min(1).max(limits.textBytes), z.array(Message).min(1).max(limits.messagesPerChat)], 'a text, or a list of messages with text')
    .transform((input): Message[] => (typeof input === 'string' ? [{ role: 'user', content: input }] : input)),
  instructions: z.string().max(limits.textBytes).nullish(),
  max_output_tokens: tokensField,
  text: z.object({ format: Format.nullish() }).nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
});
type ResponseRequest = z.infer<typeof ResponseRequest>;

/** `POST /v1/responses` for texts, whole or as OpenAI's events. */
export async function respond(services: Services, person: Person, context: Context): Promise<Response> {
  const { request, without } = await readRequest(context, 'POST /v1/responses', ResponseRequest);
  const headers = ignoredHeader(without);
  const shape: Shape = { request, id: `resp_${newId()}`, messageId: `msg_${newId()}`, createdAt: Math.floor(Date.now() / 1000) };
  const question = questionOf(request);
  await resolveModel(services, request.model);
  if (request.stream) return eventStream((told) => writeEvents(services, person, { question, shape }, told), explain, headers);
  return Response.json(ended(shape, await askText(services, person, question, { signal: context.req.raw.signal })), { headers });
}

const explain = (error: AtelierError) => {
  const { error: body } = compatibleErrorBody(error);
  return { data: { type: 'error', code: body.code, message: body.message, param: body.param, sequence_number: 0 }, name: 'error' };
};

function questionOf(request: ResponseRequest): TextQuestion {
  const before: Message[] = request.instructions ? [{ role: 'system', content: request.instructions }] : [];
  const parameters = {
    maxTokens: request.max_output_tokens ?? usualTokens,
    temperature: request.temperature,
    topP: request.top_p,
    ...formatParameters(request.text?.format),
  };
  return { model: request.model, parameters, from: [...before, ...request.input] };
}

interface Shape {
  readonly request: ResponseRequest;
  readonly id: string;
  readonly messageId: string;
  readonly createdAt: number;
}

/** A response object; `output`, `status` and `usage` follow from how far it is. */
function responseOf({ request, id, createdAt }: Shape, more: object) {
  return {
    id,
    object: 'response',
    created_at: createdAt,
    status: 'in_progress',
    error: null,
    incomplete_details: null,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    metadata: request.metadata ?? {},
    model: request.model,
    output: [],
    parallel_tool_calls: false,
    previous_response_id: null,
    temperature: request.temperature ?? 0,
    text: { format: request.text?.format ?? { type: 'text' } },
    tool_choice: 'none',
    tools: [],
    top_p: request.top_p ?? 0.95,
    truncation: 'disabled',
    ...more,
  };
}

const partOf = (text: string) => ({ type: 'output_text', text, annotations: [], logprobs: [] });
const itemOf = ({ messageId }: Shape, status: string, content: readonly object[]) => ({ id: messageId, type: 'message', role: 'assistant', status, content });

function ended(shape: Shape, answer: TextAnswer) {
  const isWhole = finishOf(answer) === 'stop';
  const counted = usageOf([answer]);
  const usage = counted && {
    input_tokens: counted.prompt_tokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: counted.completion_tokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: counted.total_tokens,
  };
  return responseOf(shape, {
    status: isWhole ? 'completed' : 'incomplete',
    incomplete_details: isWhole ? null : { reason: 'max_output_tokens' },
    output: [itemOf(shape, isWhole ? 'completed' : 'incomplete', [partOf(answer.text)])],
    usage,
  });
}

/** The events of a text, in the order in which OpenAI sends them. */
async function writeEvents(
  services: Services,
  person: Person,
  { question, shape }: { question: TextQuestion; shape: Shape },
  { send, signal }: Told,
): Promise<void> {
  let number = 0;
  const tell = (type: string, more: object) => send({ type, sequence_number: number++, ...more }, type);
  const place = { item_id: shape.messageId, output_index: 0, content_index: 0 };
  tell('response.created', { response: responseOf(shape, {}) });
  tell('response.in_progress', { response: responseOf(shape, {}) });
  tell('response.output_item.added', { output_index: 0, item: itemOf(shape, 'in_progress', []) });
  tell('response.content_part.added', { ...place, part: partOf('') });
  const answer = await askText(services, person, question, {
    signal,
    onText: (delta) => tell('response.output_text.delta', { ...place, delta, logprobs: [] }),
  });
  const response = ended(shape, answer);
  tell('response.output_text.done', { ...place, text: answer.text, logprobs: [] });
  tell('response.content_part.done', { ...place, part: partOf(answer.text) });
  tell('response.output_item.done', { output_index: 0, item: response.output[0] });
  tell(response.status === 'completed' ? 'response.completed' : 'response.incomplete', { response });
}
