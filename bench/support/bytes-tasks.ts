/** Two tasks that pass many bytes from one to the other, for any driver `command`. Brought with `--tasks`. */
import { join } from 'node:path';
import { defineTask, port } from '@atelier/protocol';
import { z } from 'zod';

const program = join(import.meta.dirname, 'bytes-program.mjs');

export const tasks = [
  defineTask({
    name: 'make-bytes',
    title: 'Make bytes',
    summary: 'Writes random bytes.',
    inputs: { text: port('text', 'Text', 'Not read.') },
    outputs: { bytes: port('tensor', 'Bytes', 'Random bytes.') },
    parameters: z.object({ count: z.int().min(1).default(1) }),
  }),
  defineTask({
    name: 'count-bytes',
    title: 'Count bytes',
    summary: 'Counts bytes.',
    inputs: { bytes: port('tensor', 'Bytes', 'Any bytes.') },
    outputs: { text: port('text', 'Count', 'How many there were.') },
    parameters: z.object({}),
  }),
];

/** What an edge's own file says to offer one of the tasks. */
export function bytesModel(task: 'make-bytes' | 'count-bytes') {
  const act = task === 'make-bytes' ? ['write', '{output.bytes}', '{parameters.count}'] : ['count', '{input.bytes}'];
  return {
    id: task,
    title: task,
    shortName: task,
    summary: 'For measuring transfers.',
    driver: 'command',
    tasks: [task],
    licence: 'Apache-2.0',
    files: [],
    memoryBytes: 0,
    prior: { loadSeconds: 0, runSeconds: 0.1 },
    options: { command: [process.execPath, program, ...act] },
  };
}
