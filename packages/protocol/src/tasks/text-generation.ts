import { z } from 'zod';
import { defineTask, hint, port, seed } from '../task.ts';

export const textGeneration = defineTask({
  name: 'text-generation',
  title: 'Text to text',
  summary: 'Writes a text from a text: by default, a sentence becomes a prompt for a picture.',
  seedWords: ['Text to Text'],
  inputs: { prompt: port('text', 'Text', 'What to start from.') },
  outputs: { text: port('text', 'Text', 'What was written.') },
  parameters: z.object({
    instruction: hint(z.enum(['picture-prompt', 'chat', 'custom']).default('picture-prompt'), {
      title: 'Instruction',
      description: 'picture-prompt turns a sentence into a short prompt for a picture; chat answers it; custom follows your own instruction.',
      control: 'select',
    }),
    system: hint(z.string().max(4000).default(''), {
      title: 'Own instruction',
      description: 'What the model is told before the text, for custom and chat.',
      control: 'textarea',
    }),
    maxTokens: hint(z.int().min(1).max(2048).default(64), { title: 'Most tokens', description: 'Writing stops after so many tokens.', control: 'slider' }),
    temperature: hint(z.number().min(0).max(2).default(0), {
      title: 'Temperature',
      description: '0 always takes the likeliest word; higher is freer.',
      control: 'slider',
      step: 0.05,
    }),
    topP: hint(z.number().gt(0).max(1).default(0.95), {
      title: 'Top p',
      description: 'Only the likeliest words that together have this probability.',
      control: 'slider',
      step: 0.01,
      advanced: true,
    }),
    stop: hint(z.array(z.string().min(1).max(100)).max(4).default([]), { title: 'Stop at', description: 'Writing stops before any of these.', advanced: true }),
    seed,
  }),
  work: (parameters) => Number(parameters.maxTokens ?? 64),
});
