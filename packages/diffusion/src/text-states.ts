import { AtelierError } from '@atelier/protocol';
import { type FloatTensor, floatOutput, integerTensor, modelHint, type Tensor, type TensorSession } from './tensor.ts';

/** Turns text into token numbers, with the special tokens that the model was trained with, neither shortened nor padded. */
export interface TextTokenizer {
  encode(text: string): readonly number[];
  /** The token that fills up to the full length. */
  readonly padId: number;
}

export interface TextEncoderModel {
  readonly session: TensorSession;
  readonly tokenizer: TextTokenizer;
  /** Tokens that a text is shortened or padded to: 77 for CLIP. */
  readonly maxTokens: number;
}

/**
 * The states of a text that the unet attends to.
 * Feeds `input_ids` as the graph's own integer type and, where the graph asks for them, `attention_mask` (1 up to the text's end) and
 * `token_type_ids` (zeros). What a model does with the states of padding is the graph's own matter.
 * @returns shape 1 x maxTokens x width
 */
export async function textStates(encoder: TextEncoderModel, text: string): Promise<FloatTensor> {
  const ids = fittedTokens(encoder.tokenizer.encode(text), encoder.maxTokens);
  const padded = [...ids, ...Array<number>(encoder.maxTokens - ids.length).fill(encoder.tokenizer.padId)];
  const inputs: Record<string, Tensor> = {};
  for (const name of encoder.session.inputNames) inputs[name] = textInput(encoder, name, padded, ids.length);
  return floatOutput(encoder.session, await encoder.session.run(inputs), 'last_hidden_state');
}

/** A text that is too long loses its tail, but keeps the token that ends it. */
function fittedTokens(ids: readonly number[], maxTokens: number): readonly number[] {
  return ids.length <= maxTokens ? ids : [...ids.slice(0, maxTokens - 1), ids[ids.length - 1] as number];
}

function textInput(encoder: TextEncoderModel, name: string, padded: readonly number[], used: number): Tensor {
  const type = encoder.session.inputs[name]?.type ?? 'int64';
  const shape = [1, padded.length];
  switch (name) {
    case 'input_ids':
      return integerTensor(type, padded, shape);
    case 'attention_mask':
      return integerTensor(
        type,
        padded.map((_, i) => (i < used ? 1 : 0)),
        shape,
      );
    case 'token_type_ids':
      return integerTensor(
        type,
        padded.map(() => 0),
        shape,
      );
    default:
      throw new AtelierError('invalid-input', `The text encoder asks for an input "${name}", which is not known here.`, { hint: modelHint });
  }
}
