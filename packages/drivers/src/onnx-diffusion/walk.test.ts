import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drawWalkFrame, floatTensor, meanDifference, WalkMemory, type WalkPicture, type WalkPoint } from '@atelier/diffusion';
import { encodePng, floatsToPicture, pictureToFloats, readPictureCovering } from '@atelier/media';
import { findTask, type ModelManifest, parseParameters } from '@atelier/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { undisturbed } from '../controls.ts';
import type { MediaFile } from '../driver.ts';
import { onnxDiffusion } from './driver.ts';
import { modelFolder } from './model-folder.test-support.ts';
import { openDiffusionFolder } from './model-folder.ts';

const folder = modelFolder('starter-motion');
const task = findTask('latent-walk');
const castle = new URL('../../../../models/starter-diffusion/reference/castle.png', import.meta.url).pathname;
const apple = new URL('../../../../examples/pictures/apple.png', import.meta.url).pathname;
const size = { width: 128, height: 128 };
const drawing = { negativePrompt: '', steps: 8, guidanceScale: 4, scheduler: 'ddim', textPath: 'lerp' } as const;

/** Of 255 steps of brightness. */
const difference = (a: Float32Array, b: Float32Array) => meanDifference(a, b) * 127.5;

async function pictureOf(path: string): Promise<WalkPicture> {
  return { key: path, pixels: floatTensor([1, 3, 128, 128], pictureToFloats(await readPictureCovering(await readFile(path), size))) };
}

describe.skipIf(folder === undefined)('frames of the starter model', () => {
  let opened: Awaited<ReturnType<typeof openDiffusionFolder>>;
  let memory: WalkMemory;
  let points: Record<'castle' | 'apple' | 'red' | 'green', WalkPoint>;
  beforeAll(async () => {
    opened = await openDiffusionFolder(folder as string, { threads: 1 });
    memory = new WalkMemory();
    points = {
      castle: { prompt: 'a castle', seed: 7, picture: await pictureOf(castle) },
      apple: { prompt: '', seed: 7, picture: await pictureOf(apple) },
      red: { prompt: 'a red apple', seed: 7 },
      green: { prompt: 'a green pear', seed: 7 },
    };
  });
  afterAll(() => opened?.close());

  const draw = async (from: WalkPoint, to: WalkPoint, share: number, more = {}) =>
    (await drawWalkFrame(opened.model, memory, { ...drawing, ...more, from, to, share })).picture.data;

  test('a picture keyframe shows the picture, to within 3 of 255 steps of brightness on average', async () => {
    for (const point of [points.castle, points.apple]) {
      expect(difference(await draw(point, points.red, 0), point.picture?.pixels.data as Float32Array)).toBeLessThan(3);
    }
  });

  test.each(['ddim', 'euler'] as const)('frames come to a keyframe and leave it without a jump: %s', async (scheduler) => {
    const { castle: picture, red, green, apple: other } = points;
    for (const [before, at, after] of [
      [other, picture, red],
      [picture, red, green],
      [red, { ...green, seed: 9 }, other],
    ] as const) {
      const middle = await draw(at, after, 0, { scheduler });
      expect(difference(await draw(before, at, 0.999, { scheduler }), middle), `coming to ${at.prompt}`).toBeLessThan(1);
      expect(difference(await draw(at, after, 0.001, { scheduler }), middle), `leaving ${at.prompt}`).toBeLessThan(1);
    }
  });

  test('a small step on the way changes a frame little', async () => {
    for (const [from, to] of [
      [points.castle, points.red],
      [points.red, { ...points.green, seed: 9 }],
      [points.apple, points.castle],
    ] as const) {
      for (const share of [0.3, 0.5]) expect(difference(await draw(from, to, share), await draw(from, to, share + 0.002))).toBeLessThan(3);
    }
  });

  test('half way between two prompts lies a frame that is neither', async () => {
    const [red, green] = [await draw(points.red, points.green, 0), await draw(points.green, points.red, 0)];
    const middle = await draw(points.red, points.green, 0.5);
    expect(difference(middle, red)).toBeGreaterThan(5);
    expect(difference(middle, green)).toBeGreaterThan(5);
    expect(difference(await draw(points.red, points.green, 0.5, { textPath: 'slerp' }), middle)).toBeGreaterThan(0);
  });
});

describe.skipIf(folder === undefined)('the driver', () => {
  let out: string;
  beforeAll(async () => {
    out = await mkdtemp(join(tmpdir(), 'atelier-walk-'));
  });
  afterAll(() => rm(out, { recursive: true }));

  const manifest = { id: 'starter-motion', options: undefined } as unknown as ModelManifest;
  const picture = { path: castle, mediaType: 'image/png' };
  const walk = { keyframes: [{ picture: 0 }, { text: 0 }, { prompt: 'a green pear' }], frames: 9, steps: 4, seed: 3 };

  async function textFile(words: string): Promise<MediaFile> {
    const path = join(out, `${words.replaceAll(' ', '-')}.txt`);
    await writeFile(path, words);
    return { path, mediaType: 'text/plain' };
  }

  /** Draws frames with one load of the model. */
  async function frames(shards: readonly number[], given: Record<string, unknown> = walk, inputs?: Record<string, readonly MediaFile[]>) {
    const model = await onnxDiffusion.load({ manifest, folder: folder as string }, { threads: 1 });
    const messages: string[] = [];
    const report = { progress: (_: number, message?: string) => messages.push(message ?? ''), preview: () => undefined, text: () => undefined };
    const files = inputs ?? { pictures: [picture], prompts: [await textFile('a red apple')] };
    const made: Buffer[] = [];
    try {
      for (const shard of shards) {
        const outFolder = await mkdtemp(join(out, 'frame-'));
        const { frames: [file] = [] } = await model.run({
          task,
          shard,
          parameters: parseParameters(task, given),
          inputs: files,
          outFolder,
          report,
          ...undisturbed(task),
        });
        made.push(await readFile(file?.path as string));
      }
      return { made, messages };
    } finally {
      await model.close();
    }
  }

  test('a frame that is drawn alone has the same bytes as one that is drawn after others', async () => {
    const together = await frames([0, 8, 4, 2, 6]);
    for (const [i, shard] of [
      [2, 4],
      [3, 2],
    ] as const) {
      const alone = await frames([shard]);
      expect(alone.made[0]?.equals(together.made[i] as Buffer), `frame ${shard}`).toBe(true);
    }
    expect(new Set(together.made.map((bytes) => bytes.toString('base64'))).size).toBe(5);
    expect(together.messages).toContain('frame 3 of 9: step 2 of 4');
    expect(together.messages.filter((message) => message.includes('the noise of an image'))).toHaveLength(1);
  });

  test('a picture of another shape is cut to cover the frame', async () => {
    const wide = { width: 300, height: 100 };
    const bytes = await encodePng(
      floatsToPicture(
        new Float32Array(3 * wide.width * wide.height).map((_, i) => (i % wide.width < 100 ? -1 : 0.5)),
        300,
        100,
      ),
    );
    const path = join(out, 'wide.png');
    await writeFile(path, bytes);
    const { made } = await frames([0], walk, { pictures: [{ path, mediaType: 'image/png' }], prompts: [await textFile('a red apple')] });
    const shown = pictureToFloats(await readPictureCovering(made[0] as Buffer, size));
    expect(Math.min(...shown)).toBeGreaterThan(-0.2);
  });

  test.each([
    [{ ...walk, keyframes: [{ picture: 1 }, { prompt: 'a' }] }, /Keyframe 1 names image number 1, but only one image was given/],
    [{ ...walk, keyframes: [{ prompt: 'a' }, { text: 3 }] }, /Keyframe 2 names text number 3, but only one text was given/],
    [
      { ...walk, keyframes: [{ prompt: 'a' }, { prompt: 'b', model: 'another' }] },
      /Keyframe 2 was found with the model another, but starter-motion draws .* latents differ/,
    ],
    [{ ...walk, width: 256 }, /128 x 128/],
  ])('what a walk cannot be drawn from is refused: %#', async (given, message) => {
    await expect(frames([0], given)).rejects.toThrow(message);
  });

  test('a picture that cannot be read is told with its keyframe', async () => {
    const path = join(out, 'broken.png');
    await writeFile(path, (await readFile(castle)).subarray(0, 2000));
    const error = frames([0], walk, { pictures: [{ path, mediaType: 'image/png' }], prompts: [await textFile('a')] });
    await expect(error).rejects.toMatchObject({ code: 'damaged-media', message: expect.stringMatching(/^Keyframe 1: /) });
  });
});
