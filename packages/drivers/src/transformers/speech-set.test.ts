import { readFile, rm } from 'node:fs/promises';
import { encodeWav } from '@atelier/media';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listen, prepareStep } from '../conformance.ts';
import type { LoadedModel } from '../driver.ts';
import { pulledModel } from '../pulled-model.ts';
import { comparedWords, type WordError, wordErrors } from '../speech/word-errors.test-support.ts';
import { transformers } from './driver.ts';
import { heldOutSet, longSet, minuteOf, type SpeechSet, shortSet } from './speech-set.test-support.ts';

const whisper = await pulledModel('whisper-tiny.en');
const seed = 7;
/** Ten minutes of sound take minutes to hear: `npm run test:speech`, which .ci/run does. */
const isWhole = process.env.ATELIER_SPEECH_SET === 'whole';

/** Errors by their kind, for whoever looks for what to mend. */
function grouped(errors: readonly WordError[]): string {
  const of = (isKind: (error: WordError) => boolean) =>
    errors.filter(isKind).map(({ said, heard }) => [said, heard].filter((word) => word !== '').join(' -> '));
  return [
    `left out: ${of(({ heard }) => heard === '').join(', ')}`,
    `put in: ${of(({ said }) => said === '').join(', ')}`,
    `changed: ${of(({ said, heard }) => said !== '' && heard !== '').join(', ')}`,
  ].join('\n');
}

describe.skipIf(!whisper)(`whisper-tiny.en on the speech set of fixtures/speech, seed ${seed}`, () => {
  if (!whisper) return;
  let model: LoadedModel;
  beforeAll(async () => {
    model = await transformers.load(whisper, { threads: 1 });
  });
  afterAll(() => model?.close());

  async function hear(samples: Float32Array): Promise<string> {
    const bytes = encodeWav({ samples, sampleRate: 16_000 });
    const step = await prepareStep({ task: 'automatic-speech-recognition', parameters: {}, inputs: { audio: { bytes, mediaType: 'audio/wav' } } }, listen());
    try {
      return await readFile((await model.run(step)).text?.[0]?.path ?? '', 'utf8');
    } finally {
      await rm(step.folder, { recursive: true });
    }
  }

  /** @returns the share of words that are wrong, after what was wrong in how many words was printed */
  async function errorsIn({ samples, said }: SpeechSet): Promise<number> {
    const begun = performance.now();
    const heard = await hear(samples);
    const seconds = (performance.now() - begun) / 1000;
    const words = comparedWords(said);
    const wrong = wordErrors(words, comparedWords(heard));
    console.log(
      `${wrong.length} of ${words.length} words wrong; ${(samples.length / 16_000).toFixed(0)} s of sound heard in ${seconds.toFixed(0)} s\n${grouped(wrong)}\n${heard}`,
    );
    return wrong.length / words.length;
  }

  test('of one minute with pauses, noise, chords and a repeated sentence at most 6 % of the words are wrong', async () => {
    expect(await errorsIn(await shortSet(seed))).toBeLessThanOrEqual(0.06);
  });

  test.skipIf(!isWhole)(
    'of ten minutes with pauses, noise and repetitions at most 6 % of the words are wrong',
    async () => {
      const set = await longSet(seed);
      expect(set.samples.length / 16_000).toBe(600);
      expect(await errorsIn(set)).toBeLessThanOrEqual(0.06);
    },
    1_800_000,
  );

  test.skipIf(!isWhole)('of a minute that is not in the set, by a reader who is, at most 15 % of the words are wrong', async () => {
    expect(await errorsIn(await heldOutSet(seed))).toBeLessThanOrEqual(0.15);
  });

  test.skipIf(!isWhole).each(['nothing', 'pink noise', 'hum', 'chords'] as const)('one minute of %s is no word', async (background) => {
    expect(await hear(minuteOf(background, seed))).toBe('');
  });
});
