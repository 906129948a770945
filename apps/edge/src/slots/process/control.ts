import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Checkpoint } from '@atelier/drivers';
import { HeardControls } from '@atelier/drivers/controls';
import { AtelierError, type Control, limits, type TaskDeclaration } from '@atelier/protocol';
import type { SlotJob } from '../slot-messages.ts';
import { send } from './send.ts';

/** Bytes before each checkpoint, drawn for it: no other artifact has its hash, so that it can be deleted by itself and names nobody else's bytes. */
const saltBytes = 32;
const checkpointEveryMs = 60_000 / limits.checkpointsPerMinute;

/** What a job hears from outside while it waits or runs. There is one from the moment that its job has come. */
export class Lane {
  readonly #stop = new AbortController();
  #early: Control[] = [];
  #heard: HeardControls | undefined;
  #isHeeded = false;

  /** Controls come in here at any time. */
  hear(control: Control): void {
    if (!this.#heard) {
      this.#early.push(control);
      return;
    }
    try {
      this.#heard.add(control);
    } catch (error) {
      process.stderr.write(`control ${control.number} is not followed: ${AtelierError.from(error).message}\n`);
    }
  }

  /** Begins to hand controls on. @throws AtelierError if one that the job came with cannot be followed */
  open(task: TaskDeclaration, { controls, resume }: SlotJob): HeardControls {
    this.#heard = new HeardControls({ task, controls, from: resume?.at, onApplied: (applied) => send({ kind: 'applied', applied }) });
    for (const control of this.#early.splice(0)) this.hear(control);
    return this.#heard;
  }

  /** For the driver; whoever reads it is given time to end by itself. */
  get signal(): AbortSignal {
    this.#isHeeded = true;
    return this.#stop.signal;
  }

  cancel(): void {
    this.#stop.abort(new AtelierError('cancelled', 'Somebody stopped it.'));
    if (!this.#isHeeded) send({ kind: 'unheeded' });
  }
}

/** Keeps checkpoints of one job, a few a minute. */
export function checkpointKeeper(task: TaskDeclaration, { checkpointFolder }: SlotJob, controls: HeardControls) {
  let keptAt = -Infinity;
  let count = 0;
  return async (bytes: Uint8Array, at: number): Promise<boolean> => {
    if (!task.checkpoints) throw new AtelierError('step-failed', `${task.name} declares no checkpoints, and its driver keeps one.`);
    if (bytes.byteLength + saltBytes > limits.checkpointBytes) throw new AtelierError('too-large', 'A checkpoint is over its bound.');
    const { allApplied: applied } = controls;
    const late = applied.find((control) => control.at >= at);
    if (late) throw new AtelierError('step-failed', `The control ${late.number} took effect at ${late.at}, and a checkpoint was kept for ${at}.`);
    if (performance.now() - keptAt < checkpointEveryMs) return false;
    keptAt = performance.now();
    count += 1;
    const path = join(checkpointFolder, String(count));
    await mkdir(checkpointFolder, { recursive: true });
    await writeFile(path, [randomBytes(saltBytes), bytes]);
    send({ kind: 'checkpoint', path, at, applied });
    return true;
  };
}

/** The checkpoint as its driver wrote it. */
export async function unpackResume({ resume, checkpointFolder }: SlotJob): Promise<Checkpoint | null> {
  if (!resume) return null;
  const path = join(checkpointFolder, 'resume');
  await mkdir(checkpointFolder, { recursive: true });
  await rm(path, { force: true });
  await pipeline(createReadStream(resume.path, { start: saltBytes }), createWriteStream(path));
  return { path, at: resume.at };
}
