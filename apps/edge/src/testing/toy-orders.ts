import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { type ModelManifest, newId, type WorkOrder } from '@atelier/protocol';

/** The model of toy-tasks.ts. */
export const toy: ModelManifest = {
  id: 'toy-model',
  title: 'Toy',
  shortName: 'toy',
  summary: '',
  driver: 'toy',
  tasks: ['toy'],
  licence: 'Apache-2.0',
  files: [],
  memoryBytes: 0,
  quality: 0.5,
  prior: { loadSeconds: 0, runSeconds: 0 },
  options: {},
};

const runs = newId<WorkOrder['runId']>();

/** Work for that model. */
export function order(parameters: Record<string, unknown>, more: Partial<WorkOrder> = {}): WorkOrder {
  return { attemptId: newId(), fence: 1, runId: runs, stepId: 'play', shard: 0, task: 'toy', modelId: 'toy-model', parameters, inputs: [], ...more };
}

export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** If nobody collects orphans, as in some containers, an ended process stays as a zombie: that is not running. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !existsSync(`/proc/${pid}/stat`) || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
