import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AtelierError, defineTask, findTask, modalityOf, parseParameters } from '@atelier/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { undisturbed } from './controls.ts';
import type { Driver, LoadedModel, MediaFile, ModelSource, StepReport, StepRequest, StepResult } from './driver.ts';

/** A driver with a model and one step that it can do. */
export interface DriverCase {
  readonly driver: Driver;
  /** Called when the tests run, so that servers and folders may be made first. */
  source(): Promise<ModelSource> | ModelSource;
  readonly task: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Bytes and media type by input port. */
  readonly inputs: Readonly<Record<string, { readonly bytes: Uint8Array | string; readonly mediaType: string }>>;
  /** Whether this step streams its text while it runs. */
  readonly streams?: boolean;
  /** Milliseconds for loading and running once. */
  readonly timeoutMs?: number;
}

/** What a step told while it ran. */
export interface Told extends StepReport {
  readonly fractions: number[];
  readonly texts: string[];
  readonly previews: { mediaType: string; bytes: Uint8Array }[];
}

/** As the reports of a slot, it cannot be taken apart: its methods need the object. */
export function listen(): Told {
  return new Listener();
}

class Listener implements Told {
  readonly fractions: number[] = [];
  readonly texts: string[] = [];
  readonly previews: { mediaType: string; bytes: Uint8Array }[] = [];
  progress(fraction: number): void {
    this.fractions.push(fraction);
  }
  preview(mediaType: string, bytes: Uint8Array): void {
    this.previews.push({ mediaType, bytes });
  }
  text(delta: string): void {
    this.texts.push(delta);
  }
}

/** Writes a case's inputs into a folder of its own. The folder is the caller's to delete. */
export async function prepareStep(
  driverCase: Pick<DriverCase, 'task' | 'parameters' | 'inputs'>,
  report: StepReport = listen(),
): Promise<StepRequest & { folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'atelier-step-'));
  const outFolder = await mkdtemp(join(folder, 'out-'));
  const inputs: Record<string, MediaFile[]> = {};
  for (const [port, { bytes, mediaType }] of Object.entries(driverCase.inputs)) {
    const path = join(folder, port);
    await writeFile(path, bytes);
    inputs[port] = [{ path, mediaType }];
  }
  const task = findTask(driverCase.task);
  return { task, shard: 0, parameters: parseParameters(task, { ...driverCase.parameters }), inputs, outFolder, report, folder, ...undisturbed(task) };
}

/** The bytes of all files by port, in base64. */
async function contents(result: StepResult): Promise<Record<string, string[]>> {
  const ports = Object.entries(result).map(async ([port, files]) => [port, await Promise.all(files.map(({ path }) => readFile(path, 'base64')))] as const);
  return Object.fromEntries(await Promise.all(ports));
}

/** What every driver promises; call it in the driver's own test with a step that the driver can do. */
export function testDriver(title: string, driverCase: DriverCase): void {
  const timeout = driverCase.timeoutMs ?? 30_000;
  describe(`${title} keeps the promises of a driver`, () => {
    let model: LoadedModel;
    let request: StepRequest & { folder: string };
    let result: StepResult;
    const told = listen();
    beforeAll(async () => {
      model = await driverCase.driver.load(await driverCase.source(), { threads: 1 });
      request = await prepareStep(driverCase, told);
      result = await model.run(request);
    }, timeout);
    afterAll(async () => {
      await model?.close();
      if (request) await rm(request.folder, { recursive: true });
    });

    test('every output port of the task that is required has a file of its modality, inside of the folder for output', async () => {
      for (const [port, { modality, many, required }] of Object.entries(request.task.outputs)) {
        const files = result[port] ?? [];
        if (required) expect(files.length).toBeGreaterThan(0);
        if (!many) expect(files.length).toBeLessThanOrEqual(1);
        for (const file of files) {
          expect(file.path.startsWith(request.outFolder)).toBe(true);
          expect((await stat(file.path)).isFile()).toBe(true);
          expect(modalityOf(file.mediaType)).toBe(modality);
        }
      }
      expect(Object.keys(result).every((port) => port in request.task.outputs)).toBe(true);
    });

    test('progress never falls and ends at 1', () => {
      expect(told.fractions.every((fraction, index) => fraction >= (told.fractions[index - 1] ?? 0) && fraction <= 1)).toBe(true);
      expect(told.fractions.at(-1)).toBe(1);
    });

    if (driverCase.streams) {
      test('streamed text is the text that is stored, but for space at its ends', async () => {
        expect(told.texts.length).toBeGreaterThan(0);
        const [text] = result.text as [MediaFile];
        expect(told.texts.join('').trim()).toBe((await readFile(text.path, 'utf8')).trim());
      });
    } else {
      test('no text is streamed', () => expect(told.texts).toEqual([]));
    }

    test('a task that it does not do is refused as unknown', async () => {
      const task = defineTask({ name: 'no-such-task', title: '', summary: '', inputs: {}, outputs: {}, parameters: z.object({}) });
      await expect(model.run({ ...request, task })).rejects.toMatchObject({ name: 'AtelierError', code: 'unknown-task' });
    });

    test('a missing input is an error of ours, not a crash', async () => {
      const error = await model.run({ ...request, inputs: {} }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(AtelierError);
      expect((error as AtelierError).code).toBe('invalid-input');
    });

    test(
      'the same step again gives the same bytes',
      async () => {
        const again = await prepareStep(driverCase);
        try {
          const second = await model.run(again);
          expect(await contents(second)).toEqual(await contents(result));
        } finally {
          await rm(again.folder, { recursive: true });
        }
      },
      timeout,
    );

    test('it says which device it uses and why', async () => {
      const { device, reason } = await driverCase.driver.describeDevice();
      expect(device).not.toBe('');
      expect(reason).not.toBe('');
    });

    test(
      'a model can be closed and loaded again',
      async () => {
        const other = await driverCase.driver.load(await driverCase.source(), { threads: 1 });
        await other.close();
      },
      timeout,
    );
  });
}
