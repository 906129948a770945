import { z } from 'zod';
import { type Dimensions, pixelShare } from '../dimensions.ts';
import { defineTask, hint, port } from '../task.ts';

const factorOf = ({ factor }: Record<string, unknown>) => Number(factor ?? 2);

const enlarged = ({ width, height }: Dimensions, factor: number): Dimensions =>
  width === undefined || height === undefined ? {} : { width: width * factor, height: height * factor };

export const imageUpscaling = defineTask({
  name: 'image-upscaling',
  title: 'Image upscaling',
  summary: 'Makes an image larger and its edges sharper.',
  seedWords: ['Upscale', 'Image to Larger Image'],
  inputs: { image: port('image', 'Image', 'The image to enlarge.') },
  outputs: { image: port('image', 'Image', 'A PNG.') },
  parameters: z.object({
    factor: hint(z.int().min(2).max(8).default(2), { title: 'Factor', description: 'Times the width and the height.', control: 'slider' }),
  }),
  work: (parameters, { image }) => factorOf(parameters) ** 2 * pixelShare(image),
  dimensions: (parameters, { image = {} }) => ({ image: enlarged(image, factorOf(parameters)) }),
});
