/** A task and a driver for tests, brought as an owner's own module is: with `--tasks`. Its parameter says how the step goes. */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Driver, StepRequest, StepResult } from '@atelier/drivers';
import { defineTask, port } from '@atelier/protocol';
import { z } from 'zod';

const toy = defineTask({
  name: 'toy',
  title: 'Toy',
  summary: 'Does what its parameter says.',
  inputs: { text: port('text', 'Text', 'Any text.', { required: false, many: true }) },
  outputs: { text: port('text', 'Text', 'The texts, joined.') },
  parameters: z.object({ act: z.string().default('join'), word: z.string().default('') }),
});

export const tasks = [toy];

let held: Buffer[] = [];

async function act(request: StepRequest): Promise<StepResult> {
  const { readFile } = await import('node:fs/promises');
  const out = join(request.outFolder, 'out.txt');
  const texts = await Promise.all((request.inputs.text ?? []).map(({ path }) => readFile(path, 'utf8')));
  request.report.progress(0.5, String(process.pid));
  switch (request.parameters.act) {
    case 'abort':
      process.stderr.write('about to abort\n');
      process.abort();
      break;
    case 'hang':
      await pause(600_000);
      break;
    case 'hang-with-child': {
      // A child that ignores SIGTERM: only ending the whole group ends it.
      const child = spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); console.log('ready'); setInterval(() => {}, 1000)"], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      child.stdout?.once('data', () => request.report.progress(0.6, String(child.pid)));
      await pause(600_000);
      break;
    }
    case 'slow':
      await pause(300);
      break;
    case 'throw':
      throw new TypeError('the toy is broken');
    case 'chatter':
      for (let i = 0; i < 1000; i++) {
        request.report.progress(i / 1000);
        request.report.text('x');
      }
      break;
    case 'environment':
      await writeFile(out, JSON.stringify(process.env));
      return { text: [{ path: out, mediaType: 'text/plain' }] };
    case 'wrong-bytes':
      await writeFile(out, Buffer.from('89504e470d0a1a0a', 'hex'));
      return { text: [{ path: out, mediaType: 'text/plain' }] };
  }
  await writeFile(out, texts.join(' ') + String(request.parameters.word));
  return { text: [{ path: out, mediaType: 'text/plain' }] };
}

const driver: Driver = {
  name: 'toy',
  async load({ manifest }) {
    const bytes = Number(manifest.options.allocateBytes ?? 0);
    if (bytes > 0) held.push(Buffer.alloc(bytes, 1));
    return {
      run: act,
      async close() {
        held = [];
      },
    };
  },
  describeDevice: async () => ({ device: 'cpu', reason: 'toys need no more' }),
};

export const drivers = [driver];
