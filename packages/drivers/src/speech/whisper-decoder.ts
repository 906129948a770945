import type { PreTrainedModel } from '@huggingface/transformers';
import { type InferenceSession, Tensor } from 'onnxruntime-node';

export type Past = Readonly<Record<string, Tensor>>;

/** One pass through the decoder. */
export interface DecoderStep {
  /** Rows of the vocabulary, one for each token that was given, text by text. */
  readonly logits: Float32Array;
  /** What the next pass goes on from. */
  readonly past: Past;
}

/** The decoder of a Whisper model, with and without a past, in one graph (`decoder_model_merged`, as Optimum writes it). */
export interface Decoder {
  /**
   * @param texts the next tokens of one text or of several that are written at once, as many of each
   * @param past left out: the tokens are the first
   */
  run(texts: ReadonlyArray<readonly number[]>, states: Tensor, past?: Past): Promise<DecoderStep>;
  readonly tellsAttention: boolean;
  /** The cross-attentions of each layer: batch, heads, tokens, frames. Only of a graph that {@link tellsAttention}. */
  attentions(tokens: readonly number[], states: Tensor): Promise<readonly Tensor[]>;
}

/** Takes the decoder out of a model that Transformers.js has opened; only what is needed is fetched from each pass. */
export function openDecoder(model: PreTrainedModel): Decoder {
  const session = model.sessions.decoder_model_merged as InferenceSession;
  const presents = session.outputNames.filter((name) => name.startsWith('present'));
  // The keys of what was heard stay the same through a text: they are fetched with the first pass only.
  const ofText = presents.filter((name) => !name.includes('.encoder.'));
  const attentionNames = session.outputNames.filter((name) => name.startsWith('cross_attentions'));
  const empty = emptyPast(session);
  return {
    tellsAttention: attentionNames.length > 0,
    async run(texts, states, past) {
      const fetched = past === undefined ? presents : ofText;
      const results = await session.run(feeds(session, texts, states, past ?? empty, past !== undefined), ['logits', ...fetched]);
      const next = Object.fromEntries(fetched.map((name) => [name.replace('present', 'past_key_values'), results[name] as Tensor]));
      return { logits: numbers(results.logits as Tensor), past: { ...past, ...next } };
    },
    async attentions(tokens, states) {
      const results = await session.run(feeds(session, [tokens], states, empty, false), attentionNames);
      return attentionNames.map((name) => results[name] as Tensor);
    },
  };
}

function feeds(session: InferenceSession, texts: ReadonlyArray<readonly number[]>, states: Tensor, past: Past, hasPast: boolean): Record<string, Tensor> {
  const tokens = texts.flat();
  const all: Record<string, Tensor> = {
    input_ids: new Tensor('int64', BigInt64Array.from(tokens, BigInt), [texts.length, tokens.length / texts.length]),
    encoder_hidden_states: states,
    use_cache_branch: new Tensor('bool', [hasPast], [1]),
    ...past,
  };
  return Object.fromEntries(session.inputNames.flatMap((name) => (all[name] ? [[name, all[name]]] : [])));
}

/**
 * The past of other texts: number n goes on from text `parents[n]`. What was heard is the same for all, and copied only where their number changes.
 * @param parents numbers of texts in `past`
 */
export function pastOf(past: Past, parents: readonly number[]): Past {
  return Object.fromEntries(
    Object.entries(past).map(([name, tensor]) => {
      const count = tensor.dims[0] as number;
      const isSame = count === parents.length && (name.includes('.encoder.') || parents.every((parent, place) => parent === place));
      return [name, isSame ? tensor : rowsOf(tensor, parents)];
    }),
  );
}

function rowsOf({ type, data, dims }: Tensor, rows: readonly number[]): Tensor {
  const [count, ...shape] = dims;
  const from = data as Float32Array;
  const size = from.length / (count as number);
  const to = new (from.constructor as Float32ArrayConstructor)(rows.length * size);
  for (const [place, row] of rows.entries()) to.set(from.subarray(row * size, (row + 1) * size), place * size);
  return new Tensor(type as 'float32', to, [rows.length, ...shape]);
}

function emptyPast(session: InferenceSession): Past {
  const past = session.inputMetadata.filter((input) => input.isTensor && input.name.startsWith('past_key_values'));
  return Object.fromEntries(
    past.map((input) => {
      const { name, type, shape } = input as Extract<typeof input, { isTensor: true }>;
      const dims = shape.map((size, axis) => (typeof size === 'number' ? size : axis === 0 ? 1 : 0));
      return [name, type === 'float16' ? new Tensor('float16', new Uint16Array(0), dims) : new Tensor('float32', new Float32Array(0), dims)];
    }),
  );
}

function numbers({ type, data }: Tensor): Float32Array {
  if (type === 'float32') return data as Float32Array;
  const halves = data instanceof Uint16Array ? new Float16Array(data.buffer, data.byteOffset, data.length) : data;
  return Float32Array.from(halves as Iterable<number>);
}
