/**
 * The child process of a slot: loads models with their drivers and runs one step at a time. Started by slots/slot.ts with `fork`.
 * Arguments: modules of extra tasks and drivers. Small messages come and go by IPC; bytes are in files.
 */
import { writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Driver, LoadedModel } from '@atelier/drivers';
import { AtelierError, findTask, parseParameters, registerTask, type TaskDeclaration } from '@atelier/protocol';
import type { DeviceReport, FromSlot, SlotJob, SlotOutput, SlotResult, ToSlot } from './slots/slot-messages.ts';
import { ThinReports } from './slots/thin.ts';

const loaded = new Map<string, LoadedModel>();
const ownDrivers = new Map<string, Driver>();

function send(message: FromSlot): void {
  if (process.connected) process.send?.(message);
}

/** Nobody may outlive the agent: not this process, nor a command that it started. */
function endWithAgent(): void {
  if (process.platform !== 'win32') {
    try {
      process.kill(-process.pid, 'SIGKILL');
    } catch (error) {
      writeSync(2, `${String(error)}\n`);
    }
  }
  process.exit(1);
}

async function readModules(files: readonly string[]): Promise<void> {
  for (const file of files) {
    const found = (await import(pathToFileURL(file).href)) as { tasks?: readonly TaskDeclaration[]; drivers?: readonly Driver[] };
    for (const task of found.tasks ?? []) registerTask(task);
    for (const driver of found.drivers ?? []) ownDrivers.set(driver.name, driver);
  }
}

async function findDriver(name: string): Promise<Driver> {
  const own = ownDrivers.get(name);
  if (own) return own;
  const { drivers } = await import('@atelier/drivers');
  const open = (drivers as Readonly<Record<string, (() => Promise<Driver>) | undefined>>)[name];
  if (open && Object.hasOwn(drivers, name)) return open();
  throw new AtelierError('unknown-model', `This edge has no driver "${name}".`, { hint: 'Start it with --tasks and the module that brings the driver.' });
}

/** @returns the model in memory, and what reading it took where it was not there */
async function load(job: SlotJob): Promise<{ model: LoadedModel; seconds: number; cold: boolean }> {
  const warm = loaded.get(job.manifest.id);
  if (warm) return { model: warm, seconds: 0, cold: false };
  const before = process.memoryUsage.rss();
  const begun = performance.now();
  const driver = await findDriver(job.manifest.driver);
  const model = await driver.load({ manifest: job.manifest, folder: job.modelFolder }, { threads: job.threads });
  loaded.set(job.manifest.id, model);
  send({ kind: 'loaded', modelId: job.manifest.id, bytes: Math.max(0, process.memoryUsage.rss() - before) });
  return { model, seconds: (performance.now() - begun) / 1000, cold: true };
}

async function run(job: SlotJob): Promise<SlotResult> {
  const task = findTask(job.task);
  if (!job.manifest.tasks.includes(task.name)) {
    throw new AtelierError('unknown-model', `${job.manifest.id} does not serve ${task.name}.`);
  }
  const parameters = parseParameters(task, job.parameters);
  checkInputs(task, job);
  const { model, seconds: loadSeconds, cold } = await load(job);
  const reports = new ThinReports(send);
  const begun = performance.now();
  try {
    const result = await model.run({ task, shard: job.shard, parameters, inputs: job.inputs, outFolder: job.outFolder, report: reports });
    const runSeconds = (performance.now() - begun) / 1000;
    return { outputs: outputsOf(task, result), loadSeconds, runSeconds, cold };
  } finally {
    reports.flush();
  }
}

function checkInputs(task: TaskDeclaration, job: SlotJob): void {
  for (const name of Object.keys(job.inputs)) {
    if (!Object.hasOwn(task.inputs, name)) throw new AtelierError('invalid-input', `${task.name} has no input "${name}".`);
  }
  for (const [name, port] of Object.entries(task.inputs)) {
    const values = job.inputs[name]?.length ?? 0;
    if (port.required && values === 0) throw new AtelierError('invalid-input', `${task.name} needs its input "${name}".`);
    if (!port.many && values > 1) throw new AtelierError('invalid-input', `${task.name} takes one value at "${name}", and ${values} came.`);
  }
}

function outputsOf(task: TaskDeclaration, result: Readonly<Record<string, readonly { path: string; mediaType: string }[]>>): SlotOutput[] {
  for (const [port, declared] of Object.entries(task.outputs)) {
    if (declared.required && !result[port]?.length) throw new AtelierError('step-failed', `The model gave nothing for the output "${port}".`);
  }
  return Object.entries(result).flatMap(([port, files]) => {
    const declared = task.outputs[port];
    if (!declared) throw new AtelierError('step-failed', `The model gave an output "${port}" that ${task.name} does not have.`);
    return files.map(({ path, mediaType }, index) => ({ port, index, modality: declared.modality, path, mediaType }));
  });
}

/** A driver's own errors keep their code; anything else that it throws means that the step failed. */
function failure(thrown: unknown): FromSlot {
  const error = AtelierError.from(thrown);
  const known = thrown instanceof AtelierError || error.code !== 'internal';
  const body = known ? error.toJSON() : { code: 'step-failed' as const, message: error.message };
  return { kind: 'failed', error: body, log: thrown instanceof Error ? (thrown.stack ?? '') : String(thrown) };
}

async function unload(modelId: string): Promise<void> {
  await loaded.get(modelId)?.close();
  loaded.delete(modelId);
  send({ kind: 'unloaded', modelId, residentBytes: process.memoryUsage.rss() });
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
  send({ kind: 'done', ...(await run(message.job)) });
}

process.on('disconnect', endWithAgent);
// One message after the other: unloading never meets a running step.
let last: Promise<void> = readModules(process.argv.slice(2)).then(() => send({ kind: 'ready' }));
last.catch((error: unknown) => send(failure(error)));
process.on('message', (message: ToSlot) => {
  last = last.then(() => answer(message)).catch((error: unknown) => send(failure(error)));
});
