import { z } from 'zod';
import { AtelierError } from '../errors.ts';
import { limits } from '../limits.ts';
import { defineTask, hint, port, seed } from '../task.ts';

export const textGeneration = defineTask({
  name: 'text-generation',
  title: 'Text to text',
  summary: 'Writes a text from a text: by default, a sentence becomes a prompt for an image.',
  seedWords: ['Text to Text'],
  inputs: { prompt: port('text', 'Text', 'What to start from.') },
  outputs: {
    text: port('text', 'Text', 'What was written.'),
    usage: port('text', 'Usage', 'JSON: how many tokens were read and written, and whether writing stopped by itself or at the most tokens.', {
      required: false,
      listed: false,
    }),
  },
  parameters: z.object({
    instruction: hint(z.enum(['picture-prompt', 'chat', 'custom', 'continue']).default('picture-prompt'), {
      title: 'Instruction',
      description:
        'picture-prompt turns a sentence into a short prompt for an image; chat answers it; custom follows your own instruction; continue goes on where the text ends.',
      control: 'select',
    }),
    system: hint(z.string().max(4000).default(''), {
      title: 'Own instruction',
      description: 'What the model is told before the text, for custom and chat.',
      control: 'textarea',
    }),
    maxTokens: hint(z.int().min(1).max(limits.textTokens).default(64), {
      title: 'Max tokens',
      description: 'Writing stops after this many tokens.',
      control: 'slider',
    }),
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
    format: hint(z.enum(['text', 'json']).default('text'), {
      title: 'Format',
      description: 'json holds the model to valid JSON, and to the schema if there is one. Needs the instruction chat or custom.',
      control: 'select',
      advanced: true,
    }),
    schema: hint(z.string().max(limits.schemaCharacters).optional(), {
      title: 'JSON Schema',
      description: 'The form that the JSON must have, such as {"type": "object", "properties": {"colour": {"type": "string"}}, "required": ["colour"]}.',
      control: 'textarea',
      advanced: true,
    }),
    seed,
  }),
  check: checkFormat,
  work: (parameters) => Number(parameters.maxTokens ?? 64),
});

/** @throws AtelierError `invalid-input` for a format that the instruction does not allow, and for a schema that is none */
function checkFormat({ instruction, format, schema }: Record<string, unknown>): void {
  if (format === 'json' && instruction !== 'chat' && instruction !== 'custom') {
    throw new AtelierError('invalid-input', `The instruction ${instruction} writes in a form of its own, not JSON.`, {
      hint: 'Choose the instruction chat or custom, or the format text.',
    });
  }
  if (schema === undefined || schema === '') return;
  if (format !== 'json')
    throw new AtelierError('invalid-input', 'A JSON Schema needs the format json.', { hint: 'Set format to json, or leave the schema out.' });
  const parsed = parseSchema(String(schema));
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) && depthOf(parsed) <= limits.schemaDepth) return;
  throw new AtelierError('invalid-input', `The JSON Schema is not an object of at most ${limits.schemaDepth} levels.`, {
    hint: 'Write an object such as {"type": "object", "properties": {}}.',
  });
}

function parseSchema(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AtelierError('invalid-input', `The JSON Schema is not JSON: ${(cause as Error).message}.`, { cause });
  }
}

/** How deep a value is nested; counting ends one level past the bound, so that no depth can use up the stack. */
function depthOf(value: unknown, level = 0): number {
  if (typeof value !== 'object' || value === null || level > limits.schemaDepth) return level;
  return Math.max(level + 1, ...Object.values(value).map((inner) => depthOf(inner, level + 1)));
}
