import { encodePictures } from '../autoencoder.ts';
import { denoise } from '../denoise.ts';
import { channelsForNothing } from '../inpainting-channels.ts';
import type { DiffusionModel } from '../model.ts';
import { seededNoise } from '../noise.ts';
import { Recent } from '../recent.ts';
import { ddimInversion } from '../scheduler/index.ts';
import { elementCount, type FloatTensor } from '../tensor.ts';
import { drawPlace, guidanceAt, type Place, type WalkDrawing } from './place.ts';

/** A keyframe as drawing needs it. */
export interface WalkPoint {
  /** What it shows; empty if a picture says it all. */
  readonly prompt: string;
  /** Of its noise, 32 bits: the walk's own where the noise stays the same throughout. */
  readonly seed: number;
  readonly picture?: WalkPicture | undefined;
}

export interface WalkPicture {
  /** Shape 1 x 3 x height x width, -1 to 1, of the size that is drawn. */
  readonly pixels: FloatTensor;
  /** Names these pixels: equal keys mean equal pixels. */
  readonly key: string;
}

/** What a loaded model remembers of picture keyframes, so that a frame costs little more than its own denoising. Bounded; belongs to one model. */
export class WalkMemory {
  readonly noises = new Recent<Float32Array>(8);
  readonly misses = new Recent<Float32Array>(8);
}

/**
 * Where a keyframe lies. A prompt: its seed's noise, the walk's guidance. A picture: the noise that leads to it at a guidance scale of 1,
 * that guidance, and what drawing so still misses of the picture's latent.
 * @param shape of a latent
 * @param onInvert told where that noise is not remembered: looking for it takes a few times as long as a frame
 */
export async function keyframePlace(
  model: DiffusionModel,
  memory: WalkMemory,
  point: WalkPoint,
  drawing: WalkDrawing,
  shape: readonly number[],
  onInvert?: () => void,
): Promise<Place> {
  const noise = seededNoise(point.seed, elementCount(shape));
  const { picture, prompt } = point;
  if (picture === undefined) return { noise, guidanceScale: drawing.guidanceScale, miss: undefined };
  const unguided = { ...drawing, guidanceScale: plainScale(model, drawing.guidanceScale) };
  const { steps, scheduler, sigmas, guidanceScale } = unguided;
  const start = await memory.noises.get(JSON.stringify([picture.key, prompt, steps, guidanceScale]), () => {
    onInvert?.();
    return noiseOfPicture(model, picture, prompt, unguided);
  });
  const place = { noise: { start, step: noise.step }, guidanceScale, miss: undefined };
  const miss = await memory.misses.get(JSON.stringify([picture.key, prompt, steps, guidanceScale, point.seed, scheduler, sigmas]), async () => {
    const wanted = await encodePictures(model, picture.pixels);
    const { latent } = await drawPlace(model, place, { from: prompt, to: prompt, share: 0, path: 'lerp' }, unguided, shape);
    return wanted.data.map((value, i) => value - (latent.data[i] as number));
  });
  return { ...place, miss };
}

/** A consistency model has guidance distilled into it and no plain form to go back to: it keeps the walk's scale, which it is told as a number of its own. */
function plainScale({ config }: DiffusionModel, scale: number): number {
  return config.guidanceWidth === undefined ? Math.min(1, scale) : scale;
}

async function noiseOfPicture(model: DiffusionModel, picture: WalkPicture, prompt: string, drawing: WalkDrawing): Promise<Float32Array> {
  const latent = await encodePictures(model, picture.pixels);
  const { unetChannels, latentChannels } = model.config;
  const shown = unetChannels > latentChannels ? { shown: await channelsForNothing(model, latent.shape) } : {};
  const guidance = await guidanceAt(model, { from: prompt, to: prompt, share: 0, path: 'lerp' }, drawing);
  const inversion = ddimInversion(model.config.scheduler, drawing.steps);
  return (await denoise(model, latent, { ...shown, scheduler: inversion, guidance, firstStep: 0 })).data;
}
