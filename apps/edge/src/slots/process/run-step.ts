import { AtelierError, findTask, parseParameters, type TaskDeclaration } from '@atelier/protocol';
import type { SlotJob, SlotOutput, SlotResult } from '../slot-messages.ts';
import { ThinReports } from '../thin.ts';
import { checkpointKeeper, type Lane, unpackResume } from './control.ts';
import { load } from './models.ts';
import { send } from './send.ts';

/** Runs one step, held to what its task declares. @throws AtelierError */
export async function runStep(job: SlotJob, lane: Lane): Promise<SlotResult> {
  const task = findTask(job.task);
  if (!job.manifest.tasks.includes(task.name)) {
    throw new AtelierError('unknown-model', `${job.manifest.id} does not serve ${task.name}.`);
  }
  const parameters = parseParameters(task, job.parameters);
  checkInputs(task, job);
  const control = lane.open(task, job);
  const resume = await unpackResume(job);
  const { model, seconds: loadSeconds, cold } = await load(job);
  const reports = new ThinReports(send);
  const begun = performance.now();
  try {
    const { shard, inputs, outFolder } = job;
    const checkpoint = checkpointKeeper(task, job, control);
    const result = await model.run({
      task,
      shard,
      parameters,
      inputs,
      outFolder,
      report: reports,
      control,
      resume,
      checkpoint,
      // Read by those drivers that listen for it.
      get signal() {
        return lane.signal;
      },
    });
    const runSeconds = (performance.now() - begun) / 1000;
    return { outputs: outputsOf(task, result), loadSeconds, runSeconds, cold, applied: control.allApplied };
  } finally {
    control.end();
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
