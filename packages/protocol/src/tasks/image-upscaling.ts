import { z } from 'zod';
import { defineTask, hint, port } from '../task.ts';

export const imageUpscaling = defineTask({
  name: 'image-upscaling',
  title: 'Image upscaling',
  summary: 'Makes a picture larger and its edges sharper.',
  seedWords: ['Upscale', 'Image to Larger Image'],
  inputs: { image: port('image', 'Picture', 'The picture to enlarge.') },
  outputs: { image: port('image', 'Picture', 'A PNG.') },
  parameters: z.object({
    factor: hint(z.int().min(2).max(8).default(2), { title: 'Factor', description: 'Times the width and the height.', control: 'slider' }),
  }),
  work: (parameters) => Number(parameters.factor ?? 2) ** 2,
});
