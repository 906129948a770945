import { readFile, rm } from 'node:fs/promises';
import { seededNormals } from '@atelier/diffusion';
import { encodeWav } from '@atelier/media';
import { TranscriptSegments } from '@atelier/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listen, prepareStep, testDriver } from '../conformance.ts';
import type { LoadedModel } from '../driver.ts';
import { pulledModel } from '../pulled-model.ts';
import { wordErrors, comparedWords as words } from '../speech/word-errors.test-support.ts';
import { transformers } from './driver.ts';

const whisper = await pulledModel('whisper-tiny.en');
const speech = await readFile(new URL('../../../../examples/audio/jfk.wav', import.meta.url));
const said = 'And so, my fellow Americans, ask not what your country can do for you, ask what you can do for your country.';
const task = 'automatic-speech-recognition';
const fruit = 'A red apple on a blue background.';

const rate = 16_000;
const samplesOf = (bytes: Buffer) => {
  const head = bytes.indexOf('data') + 8;
  return Int16Array.from({ length: (bytes.length - head) >> 1 }, (_, index) => bytes.readInt16LE(head + 2 * index));
};
const kennedy = samplesOf(speech);
const apple = samplesOf(await readFile(new URL('../../../../examples/audio/a-red-apple.wav', import.meta.url)));
const pause = (seconds: number) => new Int16Array(seconds * rate);
const wav = (samples: Int16Array) => encodeWav({ samples: Float32Array.from(samples, (value) => value / 32768), sampleRate: rate });

function joined(parts: readonly Int16Array[]): Int16Array {
  return Int16Array.from(parts.flatMap((part) => [...part]));
}

/** Twenty seconds of noise with as much energy in each octave, drawn with the seed 5. */
function pinkNoise(level: number): Int16Array {
  const white = seededNormals(5, 0, 20 * rate);
  const filters = [0.99765, 0.963, 0.57];
  const gains = [0.099046, 0.2965164, 1.0526913];
  const state = [0, 0, 0];
  return Int16Array.from(white, (value) => {
    for (let band = 0; band < 3; band++) state[band] = (filters[band] as number) * (state[band] as number) + value * (gains[band] as number);
    return Math.max(-1, Math.min(1, (level * (state.reduce((sum, part) => sum + part, 0) + 0.1848 * value)) / 10)) * 32767;
  });
}

function tones(hertz: readonly number[]): Int16Array {
  const at = (index: number) => hertz.reduce((sum, each, place) => sum + Math.sin((2 * Math.PI * each * index) / rate + place) / (place + 2), 0);
  return Int16Array.from({ length: 20 * rate }, (_, index) => 6000 * at(index));
}

function knocks(): Int16Array {
  const noise = seededNormals(6, 0, 20 * rate);
  return Int16Array.from(noise, (value, index) => 9000 * value * Math.exp(-(index % (rate / 2)) / 60));
}

describe.skipIf(!whisper)('whisper-tiny.en', () => {
  if (!whisper) return;
  testDriver('transformers', {
    driver: transformers,
    source: () => whisper,
    task,
    streams: true,
    inputs: { audio: { bytes: speech, mediaType: 'audio/wav' } },
  });

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
      const segments = TranscriptSegments.parse(JSON.parse(await readFile(result.segments?.[0]?.path ?? '', 'utf8')));
      return { text: await readFile(result.text?.[0]?.path ?? '', 'utf8'), segments, told };
    } finally {
      await rm(step.folder, { recursive: true });
    }
  }

  test('a real voice is written down word for word', async () => {
    expect(words((await hear(speech)).text)).toEqual(words(said));
  });

  test('silence is an empty text', async () => {
    expect((await hear(wav(new Int16Array(4 * rate)))).text).toBe('');
  });

  test('of sentences with short and long pauses, none is missing, and each word has its time', async () => {
    const order = [kennedy, pause(3), apple, pause(0.4), kennedy, pause(1), apple, pause(12), apple];
    const { text, segments } = await hear(wav(joined(order)));
    expect(words(text)).toEqual(words([said, fruit, said, fruit, fruit].join(' ')));
    const heard = segments.flatMap((segment) => segment.words ?? []);
    expect(heard.map(({ word }) => words(word)?.join(''))).toEqual(words(text)?.map((word) => word));
    const starts = heard.map(({ start }) => start);
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    const lastSentence = heard.at(-words(fruit).length)?.start ?? 0;
    expect(Math.abs(lastSentence - (order.slice(0, -1).reduce((sum, { length }) => sum + length, 0) / rate + 0.1))).toBeLessThan(0.4);
  });

  test('a recording longer than the window tells what was heard while it is heard', async () => {
    const { text, told } = await hear(wav(joined([kennedy, kennedy, apple, kennedy, apple])));
    expect(text.toLowerCase().match(/my fellow americans/g)?.length).toBe(3);
    expect(text.toLowerCase().match(/red apple/g)?.length).toBe(2);
    expect(told.texts.join('')).toBe(text);
    expect(told.fractions.length).toBeGreaterThanOrEqual(4);
  });

  test('a sentence that is said six times without a pause comes six times', async () => {
    const { text } = await hear(wav(joined(Array.from({ length: 6 }, () => apple))));
    expect(text.toLowerCase().match(/red apple on a blue background/g)?.length).toBe(6);
  });

  test.each([
    ['pink noise', () => pinkNoise(0.3)],
    ['quiet noise of a room', () => pinkNoise(0.02)],
    ['hum of the mains', () => tones([50, 100, 150, 250, 350])],
    ['a held chord', () => tones([220, 277.18, 329.63, 440])],
    ['knocking', () => knocks()],
  ])(
    '%s is no speech',
    async (_, sound) => {
      const { text, segments } = await hear(wav(sound()));
      expect(text).toBe('');
      expect(segments).toEqual([]);
    },
    60_000,
  );

  test('of speech in noise at most two words are wrong', async () => {
    const noise = pinkNoise(0.04);
    const both = joined([pause(4), kennedy, pause(4)]).map((value, index) => Math.max(-32768, Math.min(32767, value + (noise[index] ?? 0))));
    expect(wordErrors(words(said), words((await hear(wav(both))).text)).length).toBeLessThanOrEqual(2);
  });

  test('words to expect do no harm: what is said is heard as without them, and nothing of them is repeated', async () => {
    const { text } = await hear(speech, { prompt: 'A speech of John F. Kennedy.' });
    expect(words(text)).toEqual(words(said));
  });

  test('a language that the model does not know is refused', async () => {
    await expect(hear(speech, { language: 'de' })).rejects.toMatchObject({ code: 'parameter-out-of-bounds' });
  });

  test('a file that is no recording is refused', async () => {
    await expect(hear(Buffer.from('no sound at all'))).rejects.toMatchObject({ name: 'AtelierError', code: 'unsupported-media' });
  });
});
