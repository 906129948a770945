import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { animatePicture, floatTensor, meanDifference, stillestFirst } from '@atelier/diffusion';
import { inspectMp4, pictureToFloats, readFrames, readPicture, resizePicture } from '@atelier/media';
import { findTask, type ModelManifest } from '@atelier/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { undisturbed } from '../controls.ts';
import type { LoadedModel, StepReport } from '../driver.ts';
import { openDiffusionFolder } from '../onnx-diffusion/index.ts';
import { modelFolder } from '../onnx-diffusion/model-folder.test-support.ts';
import { motion } from './driver.ts';

const folder = modelFolder('starter-motion');
const castle = new URL('../../../../models/starter-diffusion/reference/castle.png', import.meta.url);
const task = findTask('image-to-video');

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

/** The mean change between neighbours, and from the last frame back to the first. */
function changes(frames: readonly Float32Array[]): { neighbours: number; seam: number } {
  const steps = frames.slice(1).map((frame, i) => meanDifference(frame, frames[i] as Float32Array));
  return { neighbours: median(steps), seam: meanDifference(frames[0] as Float32Array, frames.at(-1) as Float32Array) };
}

describe.skipIf(folder === undefined)('a film of the starter model', () => {
  let loaded: LoadedModel;
  let out: string;
  beforeAll(async () => {
    loaded = await motion.load({ manifest: {} as ModelManifest, folder: folder as string }, { threads: 1 });
    out = await mkdtemp(join(tmpdir(), 'atelier-motion-'));
  });
  afterAll(async () => {
    await loaded?.close();
    if (out !== undefined) await rm(out, { recursive: true });
  });

  async function film(parameters: Record<string, unknown>, inputs: Record<string, { path: string; mediaType: string }[]> = {}) {
    const shares: number[] = [];
    let previews = 0;
    const report: StepReport = {
      progress: (share) => shares.push(share),
      preview: () => previews++,
      text: () => expect.unreachable('a film has no text'),
    };
    const image = [{ path: castle.pathname, mediaType: 'image/png' }];
    const { video } = await loaded.run({
      task,
      parameters: task.parameters.parse({ seed: 3, ...parameters }),
      inputs: { image, ...inputs },
      shard: 0,
      outFolder: out,
      ...undisturbed(task),
      report,
    });
    return { file: video?.[0], bytes: await readFile(video?.[0]?.path as string), shares, previews };
  }

  test.each(['still', 'zoom', 'pan-right', 'orbit'])('loops without a seam, moves, and still looks like the picture: camera %s', async (camera) => {
    const { bytes, file } = await film({ camera, format: 'webp', frames: 16 });
    expect(file?.mediaType).toBe('image/webp');
    const frames = (await readFrames(bytes)).map(pictureToFloats);
    const { neighbours, seam } = changes(frames);
    expect(frames).toHaveLength(16);
    expect(seam).toBeLessThanOrEqual(1.5 * neighbours);
    expect(neighbours * 127.5).toBeGreaterThan(0.5);
    const source = pictureToFloats(await resizePicture(await readPicture(await readFile(castle)), { width: 512, height: 512 }));
    const nearest = Math.min(...frames.map((frame) => meanDifference(frame, source)));
    expect(nearest * 127.5).toBeLessThan(camera === 'still' || camera === 'zoom' ? 15 : 30);
  });

  test('an MP4 has all its frames, begins fast, and the same seed gives the same bytes', async () => {
    const first = await film({ frames: 16, framesPerSecond: 8 });
    expect(first.file).toMatchObject({ mediaType: 'video/mp4' });
    expect(inspectMp4(first.bytes)).toMatchObject({ width: 512, height: 512, frames: 16, seconds: 2, startsFast: true });
    expect(first.previews).toBe(4);
    expect(first.shares).toEqual([...first.shares].sort((a, b) => a - b));
    expect(first.bytes.equals((await film({ frames: 16, framesPerSecond: 8 })).bytes)).toBe(true);
    expect(first.bytes.equals((await film({ frames: 16, framesPerSecond: 8, seed: 4 })).bytes)).toBe(false);
  });

  test('a prompt changes what is drawn', async () => {
    const path = join(out, 'prompt.txt');
    await writeFile(path, 'a castle');
    const quick = { frames: 16, steps: 6, format: 'webp' };
    const plain = await film(quick);
    const told = await film(quick, { prompt: [{ path, mediaType: 'text/plain' }] });
    expect(plain.bytes.equals(told.bytes)).toBe(false);
  });

  test('the bare loop of any seed closes as smoothly as it runs', async () => {
    const { model, close } = await openDiffusionFolder(folder as string, { threads: 1 });
    const picture = floatTensor([1, 3, 128, 128], pictureToFloats(await readPicture(await readFile(castle))));
    for (const seed of [11, 12]) {
      const request = { prompt: undefined, frames: 16, strength: 0.35, radius: 0.6, steps: 10, guidanceScale: 1, scheduler: 'euler', seed } as const;
      const frames = [];
      for await (const { data } of animatePicture(model, picture, request)) frames.push({ data });
      const { neighbours, seam } = changes(stillestFirst(frames).map(({ data }) => data));
      expect(seam, `seed ${seed}`).toBeLessThanOrEqual(neighbours);
    }
    await close();
  });
});
