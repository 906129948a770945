import {
  AtelierError,
  controlBytes,
  findTask,
  limits,
  parseControl,
  type RecordedControl,
  type RecordedControls,
  type ResolvedChain,
  type RunId,
  shardCount,
} from '@atelier/protocol';
import type { Database } from '@atelier/store';
import { contentHash, type DraftControl, readControls } from '../state/index.ts';

/** The controls that come with a new run. @throws AtelierError `invalid-input`, `parameter-out-of-bounds`, `too-large` */
export function controlsOf(chain: ResolvedChain, given: RecordedControls): DraftControl[] {
  return Object.entries(given).flatMap(([stepId, controls]) => {
    const step = chain.steps.find(({ id }) => id === stepId);
    if (!step) {
      throw new AtelierError('invalid-input', `No step is named "${stepId}".`, { hint: `Steps are: ${chain.steps.map(({ id }) => id).join(', ')}.` });
    }
    const made = controls.map((control, index) => draftOf(step, control, index + 1));
    if (made.reduce((sum, { value }) => sum + controlBytes(value), 0) > limits.controlBytesPerStep) {
      throw new AtelierError('too-large', `The controls of ${stepId} have more than ${limits.controlBytesPerStep / 1024} KiB in all.`, {
        hint: 'Leave some out.',
      });
    }
    return made;
  });
}

function draftOf(
  { id: stepId, task: name, parameters }: ResolvedChain['steps'][number],
  { shard = 0, at, kind, value }: RecordedControl,
  number: number,
): DraftControl {
  const task = findTask(name);
  const shards = shardCount(task, parameters);
  if (shard >= shards) {
    throw new AtelierError('invalid-input', `The step ${stepId} has no shard ${shard}.`, { hint: `Its shards are numbered from 0 to ${shards - 1}.` });
  }
  return { stepId, number, kind, value: parseControl(task, { kind, value }), at: [{ shard, position: at }], done: false };
}

interface Repeated {
  readonly parent: { readonly id: RunId; readonly chain: ResolvedChain };
  readonly chain: ResolvedChain;
  /** Steps whose results are taken over. */
  readonly kept: ReadonlySet<string>;
}

/** What a run that repeats another follows: steps that are taken over keep their record, those with the same parameters, seeds among them, follow the same once more. */
export async function controlsAgain(database: Database, { parent, chain, kept }: Repeated): Promise<DraftControl[]> {
  const before = new Map(parent.chain.steps.map((step) => [step.id, contentHash([step.task, step.parameters])]));
  const same = new Set(chain.steps.filter((step) => before.get(step.id) === contentHash([step.task, step.parameters])).map(({ id }) => id));
  const told = await readControls(database.pool, parent.id);
  return told.filter(({ stepId }) => kept.has(stepId) || same.has(stepId)).map((control) => ({ ...control, done: kept.has(control.stepId) }));
}
