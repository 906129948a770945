import { Worker } from 'node:worker_threads';
import { AtelierError, type ErrorBody } from '@atelier/protocol';

export type RecordingAnswer = { readonly seconds: number } | { readonly error: ErrorBody };

const mostMs = 120_000;

/**
 * Reads a recording to its end, in a thread of its own.
 * @returns its length in seconds
 * @throws AtelierError `unsupported-media`, `damaged-media`, `too-large`; `timeout` for one that cannot be read in reasonable time
 */
export async function inspectRecording(file: string): Promise<number> {
  const worker = new Worker(new URL('./recording-worker.ts', import.meta.url), { workerData: { file } });
  const slow = setTimeout(() => void worker.terminate(), mostMs);
  try {
    const answer = await answerOf(worker);
    if ('seconds' in answer) return answer.seconds;
    throw AtelierError.from(answer.error);
  } finally {
    clearTimeout(slow);
    await worker.terminate();
  }
}

function answerOf(worker: Worker): Promise<RecordingAnswer> {
  return new Promise((done, fail) => {
    worker.once('message', done);
    // Out of memory, or a decoder that broke: the recording is to blame, not the server.
    worker.once('error', (cause) => fail(new AtelierError('damaged-media', 'The recording cannot be read.', { hint: 'Export it again as WAV.', cause })));
    worker.once('exit', () => fail(new AtelierError('timeout', 'The recording could not be read in time.', { hint: 'Give a shorter one, or a WAV.' })));
  });
}
