import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DiffusionModel } from '@atelier/diffusion';
import { encodeWav } from '@atelier/media';
import { findTask, parseParameters, type WalkParameters } from '@atelier/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { walkMemoryOf } from './walk-memory.ts';
import { pacedBy } from './walk-track.ts';

const rate = 22_050;
const beats = [1, 2.5, 3];
const memory = walkMemoryOf({} as DiffusionModel);
const walk = (more = {}) => parseParameters(findTask('latent-walk'), { keyframes: [{ prompt: 'a' }, { prompt: 'b' }], frames: 41, ...more }) as WalkParameters;

let folder: string;
let track: { path: string; mediaType: string };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-track-'));
  track = { path: join(folder, 'clicks.wav'), mediaType: 'audio/wav' };
  const clicks = Float32Array.from({ length: 4 * rate }, (_, i) => {
    const since = Math.min(...beats.map((beat) => i / rate - beat).filter((seconds) => seconds >= 0));
    return Number.isFinite(since) ? 0.8 * Math.exp(-since * 60) * Math.sin(5000 * since) : 0;
  });
  await writeFile(track.path, encodeWav({ samples: clicks, sampleRate: rate }));
});
afterAll(() => rm(folder, { recursive: true }));

test('with a track the places move fastest at its clicks, always forwards, and end where they would without', async () => {
  const places = await Promise.all(Array.from({ length: 41 }, (_, frame) => pacedBy(memory, walk(), frame, track)));
  const steps = places.slice(1).map((place, i) => place - (places[i] as number));
  expect([places[0], places[40]]).toEqual([0, 40]);
  expect(Math.min(...steps)).toBeGreaterThan(0);
  const fastest = steps.map((step, i) => ({ step, seconds: (i + 0.5) / 10 })).sort((a, b) => b.step - a.step);
  for (const { seconds } of fastest.slice(0, 3)) expect(Math.min(...beats.map((beat) => Math.abs(beat - seconds)))).toBeLessThan(0.11);
  expect((fastest[2]?.step ?? 0) / (fastest[20]?.step ?? 1)).toBeGreaterThan(5);
});

test('without a track a frame lies where it is', async () => {
  expect(await pacedBy(memory, walk(), 13, undefined)).toBe(13);
});

test('a loop with a track never comes to its first keyframe again', async () => {
  expect(await pacedBy(memory, walk({ loop: true }), 40, track)).toBeLessThan(41);
});

test('a track that is no sound is told so', async () => {
  const path = join(folder, 'no-sound.mp3');
  await writeFile(path, 'hello there');
  await expect(pacedBy(memory, walk(), 3, { path, mediaType: 'audio/mpeg' })).rejects.toMatchObject({ code: 'unsupported-media' });
});
