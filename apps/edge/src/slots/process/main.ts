/**
 * The child process of a slot: loads models with their drivers and runs one step at a time. Started by slot.ts with `fork`.
 * Arguments: modules of extra tasks and drivers. Small messages come and go by IPC; bytes are in files.
 */
import { AtelierError } from '@atelier/protocol';
import { endWithAgent } from '../../child/end-with-agent.ts';
import type { DeviceReport, FromSlot, ToSlot } from '../slot-messages.ts';
import { Lane } from './control.ts';
import { findDriver, readModules } from './drivers.ts';
import { unload } from './models.ts';
import { runStep } from './run-step.ts';
import { send } from './send.ts';

/** A driver's own errors keep their code; anything else that it throws means that the step failed. */
function failure(thrown: unknown): FromSlot {
  const error = AtelierError.from(thrown);
  const known = thrown instanceof AtelierError || error.code !== 'internal';
  const body = known ? error.toJSON() : { code: 'step-failed' as const, message: error.message };
  return { kind: 'failed', error: body, log: thrown instanceof Error ? (thrown.stack ?? '') : String(thrown) };
}

async function describe(drivers: readonly string[]): Promise<void> {
  const devices: DeviceReport[] = [];
  for (const driver of drivers) {
    try {
      devices.push({ driver, ...(await (await findDriver(driver)).describeDevice()) });
    } catch (error) {
      devices.push({ driver, device: 'none', reason: AtelierError.from(error).message });
    }
  }
  send({ kind: 'devices', devices });
}

type Work = Exclude<ToSlot, { kind: 'control' | 'cancel' }>;

async function answer(message: Work, lane: Lane): Promise<void> {
  if (message.kind === 'describe') return describe(message.drivers);
  if (message.kind === 'unload') return unload(message.modelId);
  send({ kind: 'done', ...(await runStep(message.job, lane)) });
}

/** Of the job that came last; the agent gives one at a time. */
let lane = new Lane();

process.on('disconnect', endWithAgent);
// Work is done one after the other: unloading never meets a running step. What the running step is told does not wait for it.
let last: Promise<void> = readModules(process.argv.slice(2)).then(() => send({ kind: 'ready' }));
last.catch((error: unknown) => send(failure(error)));
process.on('message', (message: ToSlot) => {
  if (message.kind === 'control') return lane.hear(message.control);
  if (message.kind === 'cancel') return lane.cancel();
  if (message.kind === 'run') lane = new Lane();
  const mine = lane;
  last = last.then(() => answer(message, mine)).catch((error: unknown) => send(failure(error)));
});
