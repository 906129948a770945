import { z } from 'zod';
import { defineTask, hint, port } from '../task.ts';
import { videoFormat } from './video-format.ts';

export const framesToVideo = defineTask({
  name: 'frames-to-video',
  title: 'Frames to video',
  summary: 'Makes a video of images, in their order.',
  seedWords: ['Images to Video'],
  inputs: { frames: port('image', 'Frames', 'Images of one size, in the order in which they are shown.', { many: true }) },
  outputs: { video: port('video', 'Video', 'MP4, WebP or GIF.') },
  parameters: z.object({
    format: videoFormat,
    framesPerSecond: hint(z.number().min(0.5).max(60).default(12), { title: 'Frames per second', control: 'slider', step: 0.5 }),
    thereAndBack: hint(z.boolean().default(false), {
      title: 'There and back',
      description: 'Shows the frames forwards, then backwards, so that the video loops without a jump.',
      control: 'switch',
    }),
    camera: hint(z.enum(['still', 'zoom', 'pan-left', 'pan-right', 'orbit']).default('still'), {
      title: 'Camera',
      description: 'A path over the finished frames; frames need not be drawn again for another.',
      control: 'select',
    }),
    enlarge: hint(z.boolean().default(true), {
      title: 'Enlarge small frames',
      description: 'Frames under 512 pixels are shown at a whole multiple of their size.',
      control: 'switch',
      advanced: true,
    }),
  }),
});
