import type { TextTokenizer } from './prompt/prompt-chunks.ts';
import { type FloatTensor, floatTensor, type Network } from './tensor.ts';

export interface TextEncoderModel {
  readonly session: Network;
  readonly tokenizer: TextTokenizer;
  /** Tokens that go through the encoder at once: 77 for CLIP. */
  readonly maxTokens: number;
  /** The layer whose states the unet attends to: SDXL takes the one before the last. */
  readonly layer: 'last' | 'penultimate';
}

/** What a unet is told of a text. */
export interface TextCondition {
  /** Shape 1 x tokens x width. */
  readonly states: FloatTensor;
  /** SDXL only: the whole text as one vector, shape 1 x width. */
  readonly pooled: FloatTensor | undefined;
}

/**
 * An SDXL whose configuration says so is told of an empty text with zeros, as it was trained (`force_zeros_for_empty_prompt`).
 * @returns the same condition with nothing but zeros
 */
export function emptyCondition({ states, pooled }: TextCondition): TextCondition {
  return { states: floatTensor(states.shape), pooled: pooled && floatTensor(pooled.shape) };
}
