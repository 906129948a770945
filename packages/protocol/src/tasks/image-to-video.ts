import { z } from 'zod';
import { defineTask, hint, port, seed } from '../task.ts';
import { videoFormat } from './video-format.ts';

export const imageToVideo = defineTask({
  name: 'image-to-video',
  title: 'Image to video',
  summary: 'Brings an image to life as a short video that loops without a seam.',
  seedWords: ['Image to Video'],
  inputs: {
    image: port('image', 'Image', 'The image to move, as PNG, JPEG, WebP, GIF or AVIF.'),
    prompt: port('text', 'Prompt', 'What the image shows; helps the model to keep it.', { required: false }),
  },
  outputs: { video: port('video', 'Video', 'MP4, WebP or GIF.') },
  parameters: z.object({
    frames: hint(z.int().min(16).max(48).default(24), { title: 'Frames', control: 'slider' }),
    framesPerSecond: hint(z.int().min(1).max(60).default(12), { title: 'Frames per second', control: 'slider' }),
    strength: hint(z.number().min(0.05).max(0.9).default(0.35), {
      title: 'Strength',
      description: 'How far each frame may move away from the image.',
      control: 'slider',
      step: 0.01,
    }),
    radius: hint(z.number().min(0).max(1).default(0.6), {
      title: 'Amount of motion',
      description: 'The radius of the circle in latent noise that the video goes round.',
      control: 'slider',
      step: 0.01,
    }),
    camera: hint(z.enum(['still', 'zoom', 'pan-left', 'pan-right', 'orbit']).default('zoom'), { title: 'Camera', control: 'select' }),
    steps: hint(z.int().min(1).max(100).default(20), {
      title: 'Steps',
      description: 'Steps of the whole schedule, of which strength takes a part.',
      control: 'slider',
      advanced: true,
    }),
    guidanceScale: hint(z.number().min(0).max(30).default(2), { title: 'Guidance scale', control: 'slider', step: 0.1, advanced: true }),
    format: videoFormat,
    seed,
  }),
  /** Enlarging and encoding a frame takes about as long as five steps of the starter model. */
  work: (parameters) => Number(parameters.frames ?? 24) * (5 + Math.max(1, Number(parameters.steps ?? 20) * Number(parameters.strength ?? 0.35))),
});
