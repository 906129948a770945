import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeAudio } from '@atelier/media';
import { afterAll, expect, test } from 'vitest';
import { saveWhole } from './save-whole.ts';

const folder = await mkdtemp(join(tmpdir(), 'atelier-whole-'));
afterAll(() => rm(folder, { recursive: true }));

test('what is whole of a recording that lost its second half is saved as a WAV, which is taken then', async () => {
  const speech = await readFile(new URL('../../../../../examples/audio/jfk.wav', import.meta.url));
  const [cut, out] = [join(folder, 'cut.wav'), join(folder, 'whole.wav')];
  const half = speech.subarray(0, speech.length / 2);
  await writeFile(cut, half);
  await expect(decodeAudio(half, 16_000)).rejects.toMatchObject({ code: 'damaged-media', hint: expect.stringContaining('atelier whole FILE --out') });
  expect(await saveWhole(cut, out)).toBeCloseTo(5.5, 1);
  expect((await decodeAudio(await readFile(out), 16_000)).samples.length / 16_000).toBeCloseTo(5.5, 1);
  await expect(saveWhole(cut, out)).rejects.toThrow(/exists already/);
  await expect(saveWhole(join(folder, 'nowhere'), join(folder, 'other'))).rejects.toThrow(/cannot be read/);
});
