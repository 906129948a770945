import { type Drawn, drawPicture, type PictureRequest, type PictureWatcher } from '../draw.ts';
import { type Guidance, isGuided } from '../guidance.ts';
import { interpolateRows, lerp, slerp } from '../interpolate.ts';
import type { DiffusionModel, TextModel } from '../model.ts';
import type { PictureNoise } from '../noise.ts';
import { floatTensor } from '../tensor.ts';
import { emptyCondition, type TextCondition } from '../text-condition.ts';
import { textConditions } from '../text-states.ts';

/** How every frame of a walk is drawn. */
export interface WalkDrawing extends Omit<PictureRequest, 'prompt' | 'seed' | 'variationSeed' | 'variationStrength' | 'noise' | 'stepNoise' | 'guidance'> {
  readonly width?: number | undefined;
  readonly height?: number | undefined;
}

/** A text, or a place between two. */
export interface TextPlace {
  readonly from: string;
  readonly to: string;
  /** 0 up to 1. */
  readonly share: number;
  /** The way between them: straight, or each token along the sphere. */
  readonly path: 'lerp' | 'slerp';
}

/** A point in all the spaces that a drawing depends on. Between two places every part goes its way by itself. */
export interface Place {
  readonly noise: PictureNoise;
  readonly guidanceScale: number;
  /** What drawing misses of a picture keyframe: added to the drawn latent. */
  readonly miss: Float32Array | undefined;
}

/**
 * The place at a share of the way between two: noise is turned along the sphere, all else goes straight.
 * @param share above 0, below 1
 */
export function between(from: Place, to: Place, share: number): Place {
  return {
    noise: { start: turned(from.noise.start, to.noise.start, share), step: (index) => turned(from.noise.step(index), to.noise.step(index), share) },
    guidanceScale: (1 - share) * from.guidanceScale + share * to.guidanceScale,
    miss: faded(from.miss, to.miss, share),
  };
}

/** Noise that both ends share stays as it is, to the bit. */
function turned(from: Float32Array, to: Float32Array, share: number): Float32Array {
  return from.every((value, i) => value === to[i]) ? from : slerp(from, to, share);
}

function faded(from: Float32Array | undefined, to: Float32Array | undefined, share: number): Float32Array | undefined {
  const length = from?.length ?? to?.length;
  if (length === undefined) return undefined;
  return lerp(from ?? new Float32Array(length), to ?? new Float32Array(length), share);
}

/**
 * Takes the noise away at one place.
 * @param shape of the latent
 * @returns latent and picture, what was missed included
 */
export function drawPlace(
  model: DiffusionModel,
  place: Place,
  text: TextPlace,
  drawing: WalkDrawing,
  shape: readonly number[],
  watcher?: PictureWatcher,
): Promise<Drawn> {
  const { miss, noise, guidanceScale } = place;
  const request: PictureRequest = {
    ...drawing,
    guidanceScale,
    prompt: text.from,
    seed: 0,
    noise: floatTensor(shape, noise.start),
    stepNoise: noise.step,
    guidance: (part) => guidanceAt(part, text, { ...drawing, guidanceScale }),
  };
  const begin: Parameters<typeof drawPicture>[3] = ({ initialNoiseScale, timesteps }, { start }) => ({
    firstStep: 0,
    sample: start.map((value) => value * initialNoiseScale),
    afterStep: (sample, index) => (miss === undefined || index < timesteps.length - 1 ? sample : sum(sample, miss)),
  });
  return drawPicture(model, request, shape, begin, watcher);
}

function sum(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, i) => value + (b[i] as number));
}

/** What a model is told at a place between two texts. Both, and the negative prompt, are read with as many tokens each. */
export async function guidanceAt(model: TextModel, text: TextPlace, drawing: WalkDrawing): Promise<Guidance> {
  const { guidanceScale: scale, guidanceRescale: rescale = 0, negativePrompt } = drawing;
  const ends = text.share === 0 ? [text.from] : [text.from, text.to];
  const guided = isGuided(model, { scale });
  const conditions = await textConditions(model, guided ? [...ends, negativePrompt] : ends);
  const [from, to] = conditions as [TextCondition, TextCondition];
  const positive = text.share === 0 ? from : conditionBetween(from, to, text);
  const negative = guided ? (conditions.at(-1) as TextCondition) : positive;
  const isNothing = guided && negativePrompt === '' && model.config.zerosForEmpty;
  return { positive, negative: isNothing ? emptyCondition(negative) : negative, scale, rescale };
}

function conditionBetween(from: TextCondition, to: TextCondition, { share, path }: TextPlace): TextCondition {
  const pooled = from.pooled && to.pooled && interpolateRows(from.pooled, to.pooled, share, path);
  return { states: interpolateRows(from.states, to.states, share, path), pooled };
}
