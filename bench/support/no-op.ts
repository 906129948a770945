/** A task and a driver that do as good as nothing, so that what remains of a step's time is Atelier's own. Brought with `--tasks`. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineTask, port } from '@atelier/protocol';
import { z } from 'zod';
import type { Driver } from '../../packages/drivers/src/driver.ts';

export const tasks = [
  defineTask({
    name: 'no-op',
    title: 'No operation',
    summary: 'Writes a few new bytes.',
    inputs: { text: port('text', 'Text', 'Any text; it is not read.') },
    outputs: { text: port('text', 'Text', 'Never the same twice, so that nothing is known already.') },
    parameters: z.object({}),
  }),
];

const noOp: Driver = {
  name: 'no-op',
  async load() {
    return {
      async run({ outFolder }) {
        const path = join(outFolder, 'out.txt');
        await writeFile(path, randomUUID());
        return { text: [{ path, mediaType: 'text/plain' }] };
      },
      close: async () => undefined,
    };
  },
  describeDevice: async () => ({ device: 'cpu', reason: 'nothing is computed' }),
};

export const drivers = [noOp];

/** What an edge's own file says to offer it. */
export const noOpModel = {
  id: 'no-op',
  title: 'No operation',
  shortName: 'no-op',
  summary: 'Does nothing, for measuring what everything else takes.',
  driver: 'no-op',
  tasks: ['no-op'],
  licence: 'Apache-2.0',
  files: [],
  memoryBytes: 0,
  prior: { loadSeconds: 0, runSeconds: 0.001 },
  reproducible: false,
};
