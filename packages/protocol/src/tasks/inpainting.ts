import { z } from 'zod';
import { defineTask, hint, port, seed } from '../task.ts';
import { pictureCount, pictureParameters, picturesAsShards, pictureWork, strength } from './picture-parameters.ts';

export const inpainting = defineTask({
  name: 'inpainting',
  title: 'Inpainting',
  summary: 'Redraws the masked part of an image and leaves the rest as it is.',
  seedWords: ['Inpainting', 'inpaint'],
  inputs: {
    image: port('image', 'Image', 'The image to change; the result has its size if the model allows it.'),
    mask: port(
      'image',
      'Mask',
      'White is redrawn, black is kept. Of the size of the image. With transparency: what is painted in one colour on transparent ground is redrawn, or else a transparent hole in the image.',
    ),
    prompt: port('text', 'Prompt', 'What the masked part shows.'),
  },
  outputs: { image: port('image', 'Image', 'A PNG; several where more than one was asked for.', { many: true }) },
  parameters: z.object({
    strength: strength(1),
    maskBlur: hint(z.int().min(0).max(64).default(4), {
      title: 'Soft edge',
      description: 'Pixels over which old and new are blended at the edge of the mask.',
      control: 'slider',
      unit: 'px',
    }),
    ...pictureParameters,
    count: pictureCount,
    seed,
  }),
  work: (parameters) => pictureWork(parameters, Number(parameters.strength ?? 1)),
  dimensions: (_parameters, { image = {} }) => ({ image }),
  shards: picturesAsShards,
});
