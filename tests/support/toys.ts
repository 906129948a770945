import path from 'node:path';

/** The module to be named with `--tasks`. */
export const toyTasks = path.join(import.meta.dirname, '../models/toy-tasks.ts');

/** A manifest that offers a toy task, for an edge's own file. */
export function toyModel(task: string, options: Readonly<Record<string, unknown>> = {}) {
  return {
    id: `${task}-toy`,
    title: `Toy for ${task}`,
    shortName: 'toy',
    summary: 'A toy.',
    driver: 'toys',
    tasks: [task],
    licence: 'Apache-2.0',
    files: [],
    memoryBytes: 0,
    prior: { loadSeconds: 0, runSeconds: 0.1 },
    options,
  };
}
