/**
 * A task in shards and a driver that takes a set time for each and writes what it was asked for: a walk without the weights,
 * so that sharing can be tested and measured with many edges on few cores. Brought with `--tasks`.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Driver } from '@atelier/drivers';
import { coarseToFine, defineTask, port } from '@atelier/protocol';
import { z } from 'zod';

export const tasks = [
  defineTask({
    name: 'slow-shards',
    title: 'Slow shards',
    summary: 'Takes its time for each of several parts.',
    inputs: { text: port('text', 'Text', 'Any text.') },
    outputs: { text: port('text', 'Text', 'The text with the number of the part.', { many: true }) },
    parameters: z.object({
      count: z.int().min(1).max(2400).default(24),
      milliseconds: z.number().min(0).max(60_000).default(100),
      mark: z.string().max(50).default(''),
    }),
    shards: {
      count: ({ count }) => Number(count),
      order: ({ count }) => coarseToFine(Number(count)),
      key: ({ mark }, shard, inputs) => ({ mark, shard, inputs }),
    },
  }),
];

const slow: Driver = {
  name: 'slow',
  load: async () => ({
    async run({ parameters, shard, outFolder, report }) {
      await pause(Number(parameters.milliseconds));
      report.progress(1);
      const file = path.join(outFolder, 'text.txt');
      await writeFile(file, `part ${shard}${String(parameters.mark)}`);
      return { text: [{ path: file, mediaType: 'text/plain' }] };
    },
    close: async () => undefined,
  }),
  describeDevice: async () => ({ device: 'cpu', reason: 'It only waits.' }),
};

export const drivers = [slow];

/** A manifest for an edge's own file. */
export const slowModel = {
  id: 'slow',
  title: 'Slow',
  shortName: 'slow',
  summary: 'Waits.',
  driver: 'slow',
  tasks: ['slow-shards'],
  licence: 'Apache-2.0',
  files: [],
  memoryBytes: 0,
  prior: { loadSeconds: 0, runSeconds: 0.1 },
};
