/**
 * A counter whose step size can be changed while it counts, and its driver, brought as an owner's own module is: with `--tasks`. Its end
 * depends on the iteration at which each change took effect, so that a change which is lost, done twice or done elsewhere is seen in it.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { controlsOf, type Driver, type StepRequest, type StepResult } from '@atelier/drivers';
import { defineTask, hint, parametersOf, port, type TaskDeclaration } from '@atelier/protocol';
import { z } from 'zod';

/** Greatest common divisor with 31 is 1, so that no two orders of sizes come to the same end by themselves. */
export const modulus = 1_000_003;

const size = (words: string) => hint(z.int().min(-1000).max(1000), { title: 'Size', description: words });

const parameters = z.object({
  iterations: hint(z.int().min(1).max(1_000_000).default(100), { title: 'Iterations', description: 'How often it counts.' }),
  size: size('What is added at first.').default(1),
  everyMs: hint(z.number().min(0).max(10_000).default(10), { title: 'Pause', description: 'Between two iterations.', unit: 'ms' }),
  keepEvery: hint(z.int().min(0).max(100_000).default(0), { title: 'Keep every', description: 'Iterations between two checkpoints; 0 keeps none.' }),
  parts: hint(z.int().min(1).max(100).default(1), { title: 'Parts', description: 'Counters that edges share.' }),
});

export const counter = defineTask({
  name: 'counter',
  title: 'Counter',
  summary: 'Counts, by a size that can be changed while it does.',
  inputs: { text: port('text', 'Text', 'Any text.', { required: false }) },
  outputs: { text: port('text', 'Count', 'Where it ended.', { many: true }) },
  parameters,
  controls: { size: z.object({ size: size('What is added from now on.') }), nothing: z.object({}) },
  checkpoints: true,
  work: ({ iterations }) => Number(iterations),
  shards: {
    count: ({ parts }) => Number(parts),
    order: ({ parts }) => Array.from({ length: Number(parts) }, (_, part) => part),
    key: ({ parts: _parts, ...others }, shard, inputs) => ({ ...others, shard, inputs }),
  },
});

export const tasks: readonly TaskDeclaration[] = [counter];

async function run(request: StepRequest): Promise<StepResult> {
  const { iterations, everyMs, keepEvery, ...first } = parametersOf(request, counter);
  const controls = controlsOf(request, counter);
  const from = request.resume?.at ?? 0;
  let state = request.resume ? (JSON.parse(await readFile(request.resume.path, 'utf8')) as { count: number; size: number }) : { count: 0, size: first.size };
  // What it hears and where it began is told as text, which is passing and no part of the result.
  request.report.text(`from ${from};`);
  const listening = listen();
  async function listen(): Promise<void> {
    for await (const { number } of controls) request.report.text(`heard ${number} ${Date.now()};`);
  }
  for (let at = from; at < iterations && !request.signal.aborted; at += 1) {
    if (keepEvery > 0 && at > from && at % keepEvery === 0 && (await request.checkpoint(Buffer.from(JSON.stringify(state)), at))) {
      request.report.text(`kept ${at};`);
    }
    for (const control of await controls.take(at)) if (control.kind === 'size') state = { ...state, size: control.value.size };
    state = { ...state, count: (((state.count * 31 + state.size + request.shard) % modulus) + modulus) % modulus };
    request.report.progress(at / iterations, `at ${at}`);
    await pause(everyMs);
  }
  void listening;
  request.report.progress(1);
  const out = path.join(request.outFolder, 'count.txt');
  await writeFile(out, String(state.count));
  return { text: [{ path: out, mediaType: 'text/plain' }] };
}

const driver: Driver = {
  name: 'counter',
  load: async () => ({ run, close: async () => undefined }),
  describeDevice: async () => ({ device: 'cpu', reason: 'It only counts.' }),
};

export const drivers = [driver];
