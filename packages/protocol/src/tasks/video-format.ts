import { z } from 'zod';
import { hint } from '../task.ts';

/** The file that a video is written as. */
export const videoFormat = hint(z.enum(['mp4', 'webp', 'gif']).default('mp4'), {
  title: 'Format',
  control: 'select',
  labels: { mp4: 'MP4', webp: 'WebP', gif: 'GIF' },
});
