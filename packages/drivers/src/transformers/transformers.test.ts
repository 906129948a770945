import { readFile, rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listen, prepareStep, testDriver } from '../conformance.ts';
import type { LoadedModel } from '../driver.ts';
import { pulledModel } from '../pulled-model.ts';
import { transformers } from './driver.ts';

const whisper = await pulledModel('whisper-tiny.en');
const speech = await readFile(new URL('../../../../examples/audio/jfk.wav', import.meta.url));
const said = 'And so, my fellow Americans, ask not what your country can do for you, ask what you can do for your country.';
const task = 'automatic-speech-recognition';
const words = (text: string) => text.toLowerCase().match(/[a-z']+/g);

describe.skipIf(!whisper)('whisper-tiny.en', () => {
  if (!whisper) return;
  testDriver('transformers', { driver: transformers, source: () => whisper, task, inputs: { audio: { bytes: speech, mediaType: 'audio/wav' } } });

  let model: LoadedModel;
  beforeAll(async () => {
    model = await transformers.load(whisper, { threads: 1 });
  });
  afterAll(() => model?.close());

  async function hear(bytes: Uint8Array, parameters = {}) {
    const told = listen();
    const step = await prepareStep({ task, parameters, inputs: { audio: { bytes, mediaType: 'audio/wav' } } }, told);
    try {
      const result = await model.run(step);
      return { text: await readFile(result.text?.[0]?.path ?? '', 'utf8'), told };
    } finally {
      await rm(step.folder, { recursive: true });
    }
  }

  test('a real voice is written down word for word', async () => {
    expect(words((await hear(speech)).text)).toEqual(words(said));
  });

  test('silence is an empty text', async () => {
    const silence = Buffer.from(speech);
    silence.fill(0, speech.indexOf('data') + 8);
    expect((await hear(silence)).text).toBe('');
  });

  test('a recording longer than the window is joined from pieces, with progress after each', async () => {
    const head = speech.indexOf('data') + 8;
    const samples = speech.subarray(head);
    const long = Buffer.concat([speech.subarray(0, head), samples, samples, samples, samples]);
    long.writeUInt32LE(samples.length * 4, head - 4);
    long.writeUInt32LE(long.length - 8, 4);
    const { text, told } = await hear(long);
    expect(text.toLowerCase().match(/my fellow americans/g)?.length).toBe(4);
    expect(told.fractions.length).toBeGreaterThanOrEqual(4);
  }, 60_000);

  test('a language that the model does not know is refused', async () => {
    await expect(hear(speech, { language: 'de' })).rejects.toMatchObject({ code: 'parameter-out-of-bounds' });
  });

  test('a file that is no recording is refused', async () => {
    await expect(hear(Buffer.from('no sound at all'))).rejects.toMatchObject({ name: 'AtelierError', code: 'unsupported-media' });
  });
});
