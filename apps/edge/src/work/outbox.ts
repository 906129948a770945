import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FromEdge } from '@atelier/protocol';
import type { Logger } from 'pino';
import { readIfThere, replaceFile } from '../atomic-file.ts';

export type Finished = Extract<FromEdge, { kind: 'result' | 'failure' }>;

/**
 * Results and failures that the coordinator has not acknowledged: one file each, so that neither side's death loses a
 * finished step. A result may be sent while its file is still being written: one side has it then.
 */
export class Outbox {
  readonly #folder: string;
  readonly #log: Logger;
  readonly #held = new Map<string, Finished>();
  readonly #writing = new Map<string, Promise<void>>();

  constructor(folder: string, log: Logger) {
    this.#folder = folder;
    this.#log = log;
  }

  /** @param stillThere whether an output's bytes are held; a result without them is worthless and forgotten */
  async open(stillThere: (hash: string) => Promise<boolean>): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    for (const name of await readdir(this.#folder)) {
      const finished = name.endsWith('.json') ? parse(await readIfThere(join(this.#folder, name))) : undefined;
      const whole = finished && (finished.kind === 'failure' || (await allOf(finished.outputs, ({ hash }) => stillThere(hash))));
      if (whole) {
        this.#held.set(finished.attemptId, finished);
        continue;
      }
      this.#log.warn({ file: name }, 'a result of an earlier start cannot be used');
      await rm(join(this.#folder, name), { force: true });
    }
  }

  get all(): Finished[] {
    return [...this.#held.values()];
  }

  get(attemptId: string): Finished | undefined {
    return this.#held.get(attemptId);
  }

  /** True if a result that waits here needs these bytes. */
  needs(hash: string): boolean {
    return this.all.some((finished) => finished.kind === 'result' && finished.outputs.some((output) => output.hash === hash));
  }

  /** Returns once it outlives this process. A power cut may lose it, like the step's own bytes; the step is then run again. */
  async put(finished: Finished): Promise<void> {
    const { attemptId } = finished;
    this.#held.set(attemptId, finished);
    const writing = replaceFile(this.#file(attemptId), JSON.stringify(finished));
    this.#writing.set(attemptId, writing);
    try {
      await writing;
    } finally {
      this.#writing.delete(attemptId);
    }
  }

  /** Forgets a result, also one that is still being written. */
  async remove(attemptId: string): Promise<void> {
    if (!this.#held.delete(attemptId)) return;
    await this.#writing.get(attemptId)?.catch(() => undefined);
    await rm(this.#file(attemptId), { force: true });
  }

  #file(attemptId: string): string {
    return join(this.#folder, `${attemptId}.json`);
  }
}

function parse(text: string | undefined): Finished | undefined {
  try {
    const message = FromEdge.parse(JSON.parse(text ?? ''));
    return message.kind === 'result' || message.kind === 'failure' ? message : undefined;
  } catch {
    return undefined;
  }
}

async function allOf<T>(values: readonly T[], test: (value: T) => Promise<boolean>): Promise<boolean> {
  for (const value of values) if (!(await test(value))) return false;
  return true;
}
