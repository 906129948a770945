/**
 * The child process of a slot: loads models with their drivers and runs one step at a time. Started by slot.ts with `fork`.
 * Arguments: modules of extra tasks and drivers. Small messages come and go by IPC; bytes are in files.
 */
import { AtelierError } from '@atelier/protocol';
import { endWithAgent } from '../../child/end-with-agent.ts';
import type { DeviceReport, FromSlot, ToSlot } from '../slot-messages.ts';
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

async function answer(message: ToSlot): Promise<void> {
  if (message.kind === 'describe') return describe(message.drivers);
  if (message.kind === 'unload') return unload(message.modelId);
  send({ kind: 'done', ...(await runStep(message.job)) });
}

process.on('disconnect', endWithAgent);
// One message after the other: unloading never meets a running step.
let last: Promise<void> = readModules(process.argv.slice(2)).then(() => send({ kind: 'ready' }));
last.catch((error: unknown) => send(failure(error)));
process.on('message', (message: ToSlot) => {
  last = last.then(() => answer(message)).catch((error: unknown) => send(failure(error)));
});
