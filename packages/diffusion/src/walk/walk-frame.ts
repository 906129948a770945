import { decodeLatents, encodePictures } from '../autoencoder.ts';
import type { Drawn, PictureWatcher } from '../draw.ts';
import { type DiffusionModel, latentShape, pictureSize } from '../model.ts';
import { keyframePlace, type WalkMemory, type WalkPoint } from './keyframe-place.ts';
import { between, drawPlace, type WalkDrawing } from './place.ts';

/** One frame: where it lies, and how it is drawn. It says all that the frame depends on besides the model. */
export interface WalkFrameRequest extends WalkDrawing {
  readonly from: WalkPoint;
  readonly to: WalkPoint;
  /** Of the way from the one to the other, 0 to below 1. */
  readonly share: number;
  /** The way between prompts: straight, or each token along the sphere. */
  readonly textPath: 'lerp' | 'slerp';
}

export interface WalkFrameWatcher extends PictureWatcher {
  /** A picture keyframe's noise is looked for, which takes a few times as long as a frame, once a model and picture. */
  onInvert(): void;
}

/**
 * Draws one frame of a latent walk. It depends on model and request alone: what was drawn before changes nothing but the time that it takes.
 *
 * Between two prompts what the model is told is interpolated and the noise is turned along the sphere, or stays where both points have one seed.
 *
 * A keyframe that is a picture is a prompt (or an empty text) with the noise that leads to the picture: its latent is walked back by deterministic
 * DDIM at a guidance scale of 1 (`ddimInversion`). Guidance, which would lead away from the picture, grows from 1 at the picture to the walk's own at a
 * prompt. What drawing from that noise still misses of the picture's latent (by another scheduler, few steps, the inversion's own error) is found
 * once and added, fading out towards the other keyframe. So share 0 shows the picture itself, once through the model's autoencoder, and the frames
 * leave it without a jump. Limits: a picture unlike all that the model draws comes back by that addition alone, and fades where it should turn; between two
 * pictures guidance stays at 1, which is softer; a walk whose noise is the same throughout still turns it towards and away from pictures; and
 * beside a prompt longer than the encoder reads at once, a shorter one is read with more padding than in a frame of its own.
 * @returns the scaled latent and the picture, shape 1 x 3 x height x width, about -1 to 1
 * @throws AtelierError `invalid-input` for a picture on a model without an encoder, `parameter-out-of-bounds` for a size the model cannot draw,
 * `step-failed` if it computes no numbers
 */
export async function drawWalkFrame(model: DiffusionModel, memory: WalkMemory, request: WalkFrameRequest, watcher?: WalkFrameWatcher): Promise<Drawn> {
  const { from, to, share, textPath, ...drawing } = request;
  if (share === 0 && from.picture) return seenByModel(model, from.picture.pixels);
  const shape = latentShape(model, await pictureSize(model, request));
  const placeOf = (point: WalkPoint) => keyframePlace(model, memory, point, drawing, shape, () => watcher?.onInvert());
  const start = await placeOf(from);
  const place = share === 0 ? start : between(start, await placeOf(to), share);
  return drawPlace(model, place, { from: from.prompt, to: to.prompt, share, path: textPath }, drawing, shape, watcher);
}

async function seenByModel(model: DiffusionModel, pixels: Parameters<typeof encodePictures>[1]): Promise<Drawn> {
  const latent = await encodePictures(model, pixels);
  return { latent, picture: await decodeLatents(model, latent) };
}
