import { AtelierError } from '@atelier/protocol';
import type { TextModel } from './model.ts';
import { parsePrompt } from './prompt/parse-prompt.ts';
import { chunksUpTo, type PromptChunk, promptChunks } from './prompt/prompt-chunks.ts';
import { weighStates } from './prompt/weigh-states.ts';
import { type FloatTensor, floatOutput, floatTensor, integerTensor, modelHint, type Tensor, type TensorSession } from './tensor.ts';
import type { TextCondition, TextEncoderModel } from './text-condition.ts';

/**
 * What some prompts say, with as many tokens each, so that they can be set against each other or mixed. Longer prompts than the encoder takes
 * go through it in chunks, whose states follow one another. What was said lately is remembered by the model.
 * @param prompts with weights, see {@link parsePrompt}
 * @throws AtelierError `invalid-input` for a negative weight or an encoder that asks for what is not known
 * @example const [apple, pear] = await textConditions(model, ['a red apple', 'a (green:1.2) pear']);
 */
export async function textConditions(model: TextModel, prompts: readonly string[]): Promise<TextCondition[]> {
  const parsed = prompts.map(parsePrompt);
  const chunked = model.textEncoders.map(({ tokenizer, maxTokens }) => parsed.map((prompt) => promptChunks(tokenizer, prompt, maxTokens)));
  const needed = Math.max(...chunked.flat().map((chunks) => chunks.length));
  const count = Math.min(needed, await mostChunks(model));
  return Promise.all(
    prompts.map((prompt, index) =>
      model.memory.texts.get(JSON.stringify([prompt, count]), () =>
        conditionOf(
          model,
          chunked.map((ofEncoder) => ofEncoder[index] as PromptChunk[]),
          count,
        ),
      ),
    ),
  );
}

/** Whether a prompt is longer than a model whose graph has a fixed number of tokens can read: its tail is then left out. */
export async function losesTail(model: TextModel, prompt: string): Promise<boolean> {
  const most = await mostChunks(model);
  return model.textEncoders.some(({ tokenizer, maxTokens }) => promptChunks(tokenizer, parsePrompt(prompt), maxTokens).length > most);
}

/** A unet whose graph fixes the number of tokens reads that many and no more. */
async function mostChunks({ unet, textEncoders }: TextModel): Promise<number> {
  const tokens = (await unet()).inputs.encoder_hidden_states?.shape[1];
  const atOnce = textEncoders[0]?.maxTokens ?? 1;
  return typeof tokens === 'number' && tokens > 0 ? Math.max(1, Math.floor(tokens / atOnce)) : Number.POSITIVE_INFINITY;
}

async function conditionOf(model: TextModel, chunks: readonly (readonly PromptChunk[])[], count: number): Promise<TextCondition> {
  const encoded: EncodedText[] = [];
  for (const [index, encoder] of model.textEncoders.entries()) {
    const own = chunksUpTo(encoder.tokenizer, chunks[index] as PromptChunk[], count);
    encoded.push(await encodeChunks(encoder, own));
  }
  return { states: joinWidths(encoded.map(({ states }) => states)), pooled: encoded.at(-1)?.pooled };
}

type EncodedText = TextCondition;

/** The pooled vector is that of the first chunk. */
async function encodeChunks(encoder: TextEncoderModel, chunks: readonly PromptChunk[]): Promise<EncodedText> {
  const session = await encoder.session();
  const parts: Float32Array[] = [];
  let pooled: FloatTensor | undefined;
  for (const chunk of chunks) {
    const inputs: Record<string, Tensor> = {};
    for (const name of session.inputNames) inputs[name] = textInput(session, name, chunk);
    const outputs = await session.run(inputs);
    parts.push(weighStates(floatOutput(session, outputs, layerName(session, encoder.layer)).data, chunk.weights));
    const whole = outputs.text_embeds;
    if (whole?.type === 'float32') pooled ??= whole;
  }
  return { states: joinTokens(parts, chunks.length * encoder.maxTokens), pooled };
}

/** Optimum numbers the layers' states from the embeddings, `hidden_states.0`, to the last layer; the last but one is the penultimate. */
function layerName(session: TensorSession, layer: TextEncoderModel['layer']): string {
  if (layer === 'last') return 'last_hidden_state';
  const numbers = session.outputNames.flatMap((name) => (name.startsWith('hidden_states.') ? [Number(name.slice('hidden_states.'.length))] : []));
  if (numbers.length >= 2) return `hidden_states.${Math.max(...numbers) - 1}`;
  throw new AtelierError('invalid-input', 'A text encoder of this SDXL model does not give the states of its layers.', { hint: modelHint });
}

function joinTokens(parts: readonly Float32Array[], tokens: number): FloatTensor {
  const width = parts.reduce((sum, part) => sum + part.length, 0) / tokens;
  const data = new Float32Array(tokens * width);
  let offset = 0;
  for (const part of parts) {
    data.set(part, offset);
    offset += part.length;
  }
  return floatTensor([1, tokens, width], data);
}

/** Sets the states of several encoders beside each other, token by token. */
function joinWidths(parts: readonly FloatTensor[]): FloatTensor {
  const first = parts[0] as FloatTensor;
  if (parts.length === 1) return first;
  const tokens = first.shape[1] ?? 1;
  const width = parts.reduce((sum, part) => sum + (part.shape[2] ?? 0), 0);
  const data = new Float32Array(tokens * width);
  let column = 0;
  for (const part of parts) {
    const own = part.shape[2] ?? 0;
    for (let token = 0; token < tokens; token++) data.set(part.data.subarray(token * own, (token + 1) * own), token * width + column);
    column += own;
  }
  return floatTensor([1, tokens, width], data);
}

/** Masks are 1 up to the text's end; what a model does with the states of padding is the graph's own matter. */
function textInput(session: TensorSession, name: string, { ids, used }: PromptChunk): Tensor {
  const type = session.inputs[name]?.type ?? 'int64';
  const shape = [1, ids.length];
  const values: Record<string, readonly number[]> = { input_ids: ids, attention_mask: ids.map((_, i) => (i < used ? 1 : 0)), token_type_ids: ids.map(() => 0) };
  const given = values[name];
  if (given !== undefined) return integerTensor(type, given, shape);
  throw new AtelierError('invalid-input', `The text encoder asks for an input "${name}", which is not known here.`, { hint: modelHint });
}
