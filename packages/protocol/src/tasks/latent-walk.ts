import { z } from 'zod';
import { AtelierError } from '../errors.ts';
import { ModelId } from '../ids.ts';
import { limits } from '../limits.ts';
import { defineTask, hint, type InputHashes, port, seed, seedNumber } from '../task.ts';
import { askedSize, pictureParameters, pictureSide, pictureWork } from './picture-parameters.ts';
import { coarseToFine, framePlace, segmentFrames } from './walk-frames.ts';

/** A point on the way: a prompt, one of the texts or one of the pictures that the step reads. */
export const Keyframe = z
  .object({
    prompt: z.string().max(2000).optional(),
    /** The number of a value of the port `prompts`, from 0. */
    text: z
      .int()
      .min(0)
      .max(limits.valuesPerPort - 1)
      .optional(),
    /** The number of a value of the port `pictures`, from 0; with a prompt beside it, what the picture shows. */
    picture: z
      .int()
      .min(0)
      .max(limits.valuesPerPort - 1)
      .optional(),
    /** Of its own noise, where noise is turned from keyframe to keyframe. */
    seed: seedNumber.optional(),
    /** Frames from this keyframe up to the next, this one counted. Left empty, an equal share. */
    frames: z.int().min(1).max(limits.walkFrames).optional(),
    /** The model that this point was found with, where it comes from an older result: a walk stays on one model. */
    model: ModelId.optional(),
  })
  .strict();
export type Keyframe = z.infer<typeof Keyframe>;

const frameBounds = `a walk has 2 to ${limits.walkFrames} frames, as a whole number`;

const parameters = z.object({
  keyframes: hint(
    z
      .array(Keyframe)
      .max(limits.walkKeyframes)
      .default([{ prompt: 'a red apple' }, { prompt: 'a green pear' }]),
    {
      title: 'Keyframes',
      description: 'The points of the way: prompts, texts of earlier steps, or images.',
    },
  ),
  frames: hint(
    z
      .int({ error: frameBounds })
      .min(2, { error: frameBounds })
      .max(limits.walkFrames, { error: `${frameBounds}; a longer way can be walked in parts, each beginning with the last keyframe of the one before` })
      .default(24),
    { title: 'Frames', description: 'Of the whole walk.', control: 'slider' },
  ),
  loop: hint(z.boolean().default(false), { title: 'Loop', description: 'Goes back to the first keyframe at the end.', control: 'switch' }),
  textPath: hint(z.enum(['lerp', 'slerp']).default('lerp'), {
    title: 'Way between prompts',
    description: 'Straight, or along the sphere.',
    control: 'select',
    labels: { lerp: 'Straight', slerp: 'Along the sphere' },
    advanced: true,
  }),
  noise: hint(z.enum(['same', 'slerp']).default('same'), {
    title: 'Noise',
    description: "The same throughout, or turned from each keyframe's to the next.",
    control: 'select',
    labels: { same: 'The same throughout', slerp: 'Turned from keyframe to keyframe' },
  }),
  easing: hint(z.enum(['linear', 'smooth', 'hold']).default('linear'), {
    title: 'Pace',
    description: 'Even, slow near each keyframe, or resting at each.',
    control: 'select',
    labels: { linear: 'Even', smooth: 'Slow near keyframes', hold: 'Resting at keyframes' },
  }),
  ...pictureParameters,
  ...pictureSide,
  seed,
});

/** The parameters of a walk, validated. */
export type WalkParameters = z.infer<typeof parameters>;

export const latentWalk = defineTask({
  name: 'latent-walk',
  title: 'Latent walk',
  summary: 'Draws the frames of a way through latent space, from keyframe to keyframe.',
  seedWords: ['Latent walk', 'Walk'],
  inputs: {
    prompts: port('text', 'Prompts', 'Texts that keyframes name by their number.', { required: false, many: true }),
    pictures: port('image', 'Images', 'Images that keyframes name by their number.', { required: false, many: true }),
    audio: port('audio', 'Track', 'Sets the pace: where much begins in the track, the walk goes faster.', { required: false }),
  },
  outputs: { frames: port('image', 'Frames', 'PNG, in the order of the walk.', { many: true, listed: false }) },
  parameters,
  work: (given) => pictureWork(given),
  dimensions: (parameters) => ({ frames: askedSize(parameters) }),
  caption: (given) =>
    (given as WalkParameters).keyframes
      .map(({ prompt }) => prompt ?? '')
      .filter((prompt) => prompt !== '')
      .join(' → '),
  check: (given) => checkWalk(given as WalkParameters),
  shards: {
    count: (given) => Number(given.frames),
    order: (given) => coarseToFine(Number(given.frames)),
    key: (given, frame, inputs) => frameKey(given as WalkParameters, frame, inputs),
  },
});

function checkWalk(walk: WalkParameters): void {
  if (walk.keyframes.length < 2) {
    throw new AtelierError('invalid-input', `A walk needs at least two keyframes, not ${walk.keyframes.length}.`, {
      hint: 'Give two prompts, such as: atelier walk "a red apple" "a green pear".',
    });
  }
  for (const [number, keyframe] of walk.keyframes.entries()) checkKeyframe(number, keyframe);
  const models = [...new Set(walk.keyframes.flatMap(({ model }) => (model === undefined ? [] : [model])))];
  if (models.length > 1) {
    throw new AtelierError('invalid-input', `The keyframes come from several models (${models.join(', ')}), whose latents differ.`, {
      hint: 'A walk stays on one model: make the keyframes with the same one, or take the wish for a model away.',
    });
  }
  segmentFrames(walk);
}

function checkKeyframe(number: number, { prompt, text, picture }: Keyframe): void {
  if (prompt === undefined && text === undefined && picture === undefined) {
    throw new AtelierError('invalid-input', `Keyframe ${number + 1} says nothing.`, { hint: 'Give it a prompt, a text or an image.' });
  }
  if (prompt !== undefined && text !== undefined) {
    throw new AtelierError('invalid-input', `Keyframe ${number + 1} has both a prompt and a text.`, { hint: 'Give it one of the two.' });
  }
}

/** The seed of a keyframe's own noise: what it says, or the walk's seed counted up. */
export function keyframeSeed(walk: Pick<WalkParameters, 'keyframes' | 'seed'>, index: number): number {
  return walk.keyframes[index]?.seed ?? ((walk.seed ?? 0) + index) % 2 ** 32;
}

/**
 * All that a frame depends on. The frame's number is not among it: a walk that is lengthened, or played at another speed,
 * takes over each frame that lies at the same place between the same keyframes. With a track the place depends on the whole walk.
 */
function frameKey(walk: WalkParameters, frame: number, inputs: InputHashes): unknown {
  const { keyframes: _keyframes, frames, loop, easing, noise, textPath, seed: ownSeed, ...drawing } = walk;
  const state = (index: number) => {
    const { prompt, text, picture } = walk.keyframes[index] as Keyframe;
    const read = { text: text === undefined ? null : inputs.prompts?.[text], picture: picture === undefined ? null : inputs.pictures?.[picture] };
    return { prompt: prompt ?? null, ...read, seed: noise === 'slerp' ? keyframeSeed(walk, index) : null };
  };
  const common = { ...drawing, noise, seed: noise === 'same' ? ownSeed : null };
  const track = inputs.audio?.[0];
  if (track !== undefined)
    return { ...common, track, frame, frames, loop, easing, textPath, segments: segmentFrames(walk), all: walk.keyframes.map((_, index) => state(index)) };
  const { from, to, share } = framePlace(walk, frame);
  return share === 0 ? { ...common, from: state(from) } : { ...common, from: state(from), to: state(to), share, textPath };
}
