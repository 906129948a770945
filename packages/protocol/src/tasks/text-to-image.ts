import { z } from 'zod';
import { defineTask, hint, port, seed, seedNumber } from '../task.ts';
import { askedSize, pictureCount, pictureParameters, pictureSide, picturesAsShards, pictureWork } from './picture-parameters.ts';

export const textToImage = defineTask({
  name: 'text-to-image',
  title: 'Text to image',
  summary: 'Draws an image of what a text says.',
  seedWords: ['Text to Image', 'txt2img'],
  inputs: { prompt: port('text', 'Prompt', 'What the image shows. (word:1.3) weighs a word more, (word:0.7) or [word] less.') },
  outputs: { image: port('image', 'Image', 'A PNG; several where more than one was asked for.', { many: true }) },
  parameters: z.object({
    ...pictureParameters,
    ...pictureSide,
    count: pictureCount,
    variationStrength: hint(z.number().min(0).max(1).default(0), {
      title: 'Variation',
      description: "How far the noise is turned from the seed's towards the variation seed's: 0.1 changes details, 1 is another image.",
      control: 'slider',
      step: 0.01,
      advanced: true,
    }),
    variationSeed: hint(seedNumber.optional(), {
      title: 'Variation seed',
      description: 'Left empty, one is drawn and kept with the run.',
      control: 'seed',
      advanced: true,
    }),
    seed,
  }),
  work: (parameters) => pictureWork(parameters),
  dimensions: (parameters) => ({ image: askedSize(parameters) }),
  shards: picturesAsShards,
});
