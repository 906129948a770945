import { AtelierError } from '@atelier/protocol';
import type { DiffusionModel } from './model.ts';
import { batchRows, type FloatTensor, floatTensor, integerTensor, joinBatch, modelHint, repeatBatch, type Tensor, type TensorSession } from './tensor.ts';
import type { TextCondition } from './text-condition.ts';

/** What the text says, and how strongly to follow it. */
export interface Guidance {
  readonly positive: TextCondition;
  /** What to go away from: the negative prompt, or an empty text. Not used at a scale of 1 and below. */
  readonly negative: TextCondition;
  /** Guidance scale, as in Ho and Salimans, arXiv 2207.12598: 1 is the plain conditional model. */
  readonly scale: number;
  /** How far the strength of the guided prediction is brought back to that of the plain one, 0 to 1 (Lin et al., arXiv 2305.08891, section 3.4). */
  readonly rescale?: number;
}

/** How beautiful SDXL's refiner is told that the picture is, on the scale of LAION's aesthetic predictor: diffusers' defaults. */
const aestheticScores = { positive: 6, negative: 2.5 } as const;

/** Whether a step needs the unet's answer to the negative prompt too. A consistency model is told the scale instead. */
export function isGuided(model: Pick<DiffusionModel, 'config'>, { scale }: Pick<Guidance, 'scale'>): boolean {
  return scale > 1 && model.config.guidanceWidth === undefined;
}

/**
 * Everything that a unet is told besides sample and timestep, for each row of a batch, rows of the negative prompt first.
 * @throws AtelierError `invalid-input` if it asks for what the model's folder cannot give
 */
export function conditionInputs(
  model: Pick<DiffusionModel, 'config'>,
  unet: TensorSession,
  guidance: Guidance,
  [batch = 1, , height = 1, width = 1]: readonly number[],
): Record<string, Tensor> {
  const sides = isGuided(model, guidance) ? (['negative', 'positive'] as const) : (['positive'] as const);
  const rows = (of: (side: 'negative' | 'positive') => FloatTensor) => joinBatch(sides.map((side) => repeatBatch(of(side), batch)));
  const inputs: Record<string, Tensor> = { encoder_hidden_states: rows((side) => guidance[side].states) };
  if (unet.inputNames.includes('text_embeds')) inputs.text_embeds = rows((side) => pooledOf(guidance[side]));
  if (unet.inputNames.includes('time_ids')) {
    const ids = rows((side) => timeIds(model, height, width, side));
    inputs.time_ids = integerTensor(unet.inputs.time_ids?.type ?? 'float32', [...ids.data], ids.shape);
  }
  if (model.config.guidanceWidth !== undefined) inputs.timestep_cond = repeatBatch(embeddedScale(guidance.scale, model.config.guidanceWidth), batch);
  return inputs;
}

function pooledOf({ pooled }: TextCondition): FloatTensor {
  if (pooled !== undefined) return pooled;
  throw new AtelierError('invalid-input', 'The unet asks for pooled text embeddings, which the text encoders of this model do not give.', { hint: modelHint });
}

/** Original size, corner of the crop and target size of SDXL (arXiv 2307.01952, section 2.2): a picture of this very size, not cropped. */
function timeIds({ config }: Pick<DiffusionModel, 'config'>, height: number, width: number, side: 'negative' | 'positive'): FloatTensor {
  const pixels = [height * config.pixelsPerLatent, width * config.pixelsPerLatent];
  const last = config.wantsAestheticScore ? [aestheticScores[side]] : pixels;
  const ids = [...pixels, 0, 0, ...last];
  return floatTensor([1, ids.length], Float32Array.from(ids));
}

/**
 * The guidance scale as a consistency model takes it: sines and cosines of 1000 (scale - 1), as in Luo et al., arXiv 2310.04378, and
 * in google-research/vdm, model_vdm.py. Rounded to float32 where they are, since angles of some thousands magnify it.
 * @returns shape 1 x width
 */
function embeddedScale(scale: number, width: number): FloatTensor {
  const half = Math.floor(width / 2);
  const data = new Float32Array(width);
  const fall = Math.fround(Math.fround(Math.log(10_000)) / (half - 1));
  for (let i = 0; i < half; i++) {
    const angle = Math.fround((scale - 1) * 1000) * Math.fround(Math.exp(Math.fround(-fall * i)));
    data[i] = Math.sin(Math.fround(angle));
    data[half + i] = Math.cos(Math.fround(angle));
  }
  return floatTensor([1, width], data);
}

/**
 * Classifier-free guidance: away from the first half of the batch, towards the second.
 * @param output the unet's answer, rows of the negative prompt first
 */
export function guidedPrediction(output: FloatTensor, { scale, rescale = 0 }: Guidance): Float32Array {
  const batch = (output.shape[0] ?? 2) / 2;
  const away = batchRows(output, 0, batch).data;
  const towards = batchRows(output, batch, 2 * batch).data;
  const guided = new Float32Array(away.length);
  for (let i = 0; i < guided.length; i++) guided[i] = (away[i] as number) + scale * ((towards[i] as number) - (away[i] as number));
  if (rescale === 0) return guided;
  const row = guided.length / batch;
  for (let from = 0; from < guided.length; from += row) bringBack(guided.subarray(from, from + row), towards.subarray(from, from + row), rescale);
  return guided;
}

/** In place: arXiv 2305.08891, formulas 14 to 16. */
function bringBack(guided: Float32Array, plain: Float32Array, rescale: number): void {
  const factor = rescale * (deviation(plain) / deviation(guided)) + (1 - rescale);
  if (!Number.isFinite(factor)) return;
  for (let i = 0; i < guided.length; i++) guided[i] = (guided[i] as number) * factor;
}

function deviation(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return Math.sqrt(squares / (values.length - 1));
}
