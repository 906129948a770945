/** Runs in a thread of its own: decoding half an hour of sound would keep everybody else waiting for seconds. */
import { readFile } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { decodeAudio } from '@atelier/media';
import { AtelierError } from '@atelier/protocol';
import type { RecordingAnswer } from './inspect-recording.ts';

/** Samples a second: enough to see that there is sound to the end. */
const roughly = 8_000;

async function inspect(file: string): Promise<RecordingAnswer> {
  try {
    const { samples, sampleRate } = await decodeAudio(await readFile(file), roughly);
    return { seconds: samples.length / sampleRate };
  } catch (thrown) {
    return { error: AtelierError.from(thrown).toJSON() };
  }
}

parentPort?.postMessage(await inspect((workerData as { file: string }).file));
