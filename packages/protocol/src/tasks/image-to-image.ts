import { z } from 'zod';
import { defineTask, port, seed } from '../task.ts';
import { askedSize, pictureCount, pictureParameters, pictureSide, picturesAsShards, pictureWork, strength } from './picture-parameters.ts';

export const imageToImage = defineTask({
  name: 'image-to-image',
  title: 'Image to image',
  summary: 'Redraws an image as a text says.',
  seedWords: ['Image to Image', 'img2img'],
  inputs: {
    image: port('image', 'Image', 'The image to begin with; it is cropped to the shape of the result.'),
    prompt: port('text', 'Prompt', 'What the result shows.'),
  },
  outputs: { image: port('image', 'Image', 'A PNG; several where more than one was asked for.', { many: true }) },
  parameters: z.object({ strength: strength(0.6), ...pictureParameters, ...pictureSide, count: pictureCount, seed }),
  work: (parameters) => pictureWork(parameters, Number(parameters.strength ?? 0.6)),
  dimensions: (parameters) => ({ image: askedSize(parameters) }),
  shards: picturesAsShards,
});
