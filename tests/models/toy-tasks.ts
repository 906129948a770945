/**
 * Toy tasks and their driver, brought as an owner's own module is: with `--tasks`. Nothing else in the project knows them.
 * `text-reversal` writes a text backwards; `flaky` ends its whole process as long as a file is there; `chatter` talks much.
 */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Driver, StepRequest, StepResult } from '@atelier/drivers';
import { defineTask, hint, port, type TaskDeclaration } from '@atelier/protocol';
import { z } from 'zod';

const text = { text: port('text', 'Text', 'Any text.') };

export const textReversal = defineTask({
  name: 'text-reversal',
  title: 'Text reversal',
  summary: 'Writes a text backwards.',
  inputs: text,
  outputs: { text: port('text', 'Reversed', 'The same text from its end to its beginning.') },
  parameters: z.object({
    unit: hint(z.enum(['letters', 'words']).default('letters'), { title: 'Unit', description: 'What changes its place.' }),
    times: hint(z.int().min(1).max(9).default(1), { title: 'Times', description: 'How often it is reversed.' }),
    mark: hint(z.string().max(10).default(''), { title: 'Mark', description: 'Put at the end.' }),
  }),
  work: ({ times }) => Number(times),
});

const flaky = defineTask({ name: 'flaky', title: 'Flaky', summary: 'Ends its process.', inputs: text, outputs: text, parameters: z.object({}) });

const chatter = defineTask({
  name: 'chatter',
  title: 'Chatter',
  summary: 'Says much while it works.',
  inputs: text,
  outputs: text,
  parameters: z.object({ megabytes: z.number().min(1).max(100).default(10) }),
});

export const tasks: readonly TaskDeclaration[] = [textReversal, flaky, chatter];

async function run(request: StepRequest, options: Readonly<Record<string, unknown>>): Promise<StepResult> {
  const given = await readFile(request.inputs.text?.[0]?.path ?? '', 'utf8');
  const out = path.join(request.outFolder, 'text.txt');
  if (request.task.name === 'flaky' && existsSync(String(options.abortWhile))) {
    process.stderr.write('the toy has had enough\n');
    process.abort();
  }
  if (request.task.name === 'chatter') await talk(request);
  const answer = request.task.name === 'text-reversal' ? reversed(given, request.parameters) : given;
  await writeFile(out, answer);
  return { text: [{ path: out, mediaType: 'text/plain' }] };
}

function reversed(given: string, parameters: StepRequest['parameters']): string {
  const glue = parameters.unit === 'words' ? ' ' : '';
  let answer = given;
  for (let time = 0; time < Number(parameters.times); time += 1) answer = answer.split(glue).reverse().join(glue);
  return answer + String(parameters.mark);
}

async function talk({ report, parameters }: StepRequest): Promise<void> {
  const pieces = Number(parameters.megabytes) * 64;
  for (let piece = 0; piece < pieces; piece += 1) {
    report.text('x'.repeat(16 * 1024));
    report.progress(piece / pieces);
    await pause(5);
  }
}

const toys: Driver = {
  name: 'toys',
  load: async ({ manifest }) => ({ run: (request) => run(request, manifest.options), close: async () => undefined }),
  describeDevice: async () => ({ device: 'cpu', reason: 'Toys need no more.' }),
};

export const drivers = [toys];
