import { z } from 'zod';
import { defineTask, hint, port, seed } from '../task.ts';

const side = (title: string) =>
  hint(z.int().min(64).max(4096).multipleOf(8).optional(), {
    title,
    description: 'Pixels, a multiple of 8. Left empty, the size that the model was trained on.',
    control: 'number',
    step: 8,
    unit: 'px',
    advanced: true,
  });

export const textToImage = defineTask({
  name: 'text-to-image',
  title: 'Text to image',
  summary: 'Draws a picture of what a text says.',
  seedWords: ['Text to Image'],
  inputs: { prompt: port('text', 'Prompt', 'What the picture shows.') },
  outputs: { image: port('image', 'Picture', 'A PNG.') },
  parameters: z.object({
    negativePrompt: hint(z.string().max(2000).default(''), { title: 'Negative prompt', description: 'What the picture should not show.', control: 'textarea' }),
    steps: hint(z.int().min(1).max(150).default(20), { title: 'Steps', description: 'More steps are finer and slower.', control: 'slider' }),
    guidanceScale: hint(z.number().min(0).max(30).default(4), {
      title: 'Guidance scale',
      description: 'How closely the picture follows the text; at 1 and below the negative prompt has no effect.',
      control: 'slider',
      step: 0.1,
    }),
    scheduler: hint(z.enum(['ddim', 'euler']).default('ddim'), {
      title: 'Scheduler',
      description: 'How noise is taken away from step to step.',
      control: 'select',
    }),
    width: side('Width'),
    height: side('Height'),
    seed,
  }),
  work: (parameters) => Number(parameters.steps ?? 20) * (Number(parameters.guidanceScale ?? 4) > 1 ? 2 : 1),
});
