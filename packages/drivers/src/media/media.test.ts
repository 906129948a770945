import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodePng, inspectMp4, type RgbPicture, readFrames } from '@atelier/media';
import { loadManifest, starterModelsFolder } from '@atelier/models';
import { AtelierError } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { listen, prepareStep, testDriver } from '../conformance.ts';
import type { MediaFile } from '../driver.ts';
import { media } from './driver.ts';

const source = async () => ({ manifest: (await loadManifest(join(starterModelsFolder, 'film-encoder', 'manifest.yaml'))).manifest, folder: '/' });

/** A frame in which a bright bar stands at a place of its own. */
function bar(number: number, width = 64, height = 48): RgbPicture {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => ((Math.floor(i / 3) % width) >> 3 === number ? 240 : 30));
  return { width, height, data };
}

testDriver('media', {
  driver: media,
  source,
  task: 'frames-to-video',
  parameters: { enlarge: false },
  inputs: { frames: { bytes: await encodePng(bar(0)), mediaType: 'image/png' } },
});

async function film(parameters: Record<string, unknown>, pictures: readonly RgbPicture[] = Array.from({ length: 6 }, (_, number) => bar(number))) {
  const told = listen();
  const step = await prepareStep({ task: 'frames-to-video', parameters: { enlarge: false, ...parameters }, inputs: {} }, told);
  try {
    const frames: MediaFile[] = [];
    for (const [number, picture] of pictures.entries()) {
      frames.push({ path: join(step.folder, `${number}.png`), mediaType: 'image/png' });
      await writeFile(frames.at(-1)?.path as string, await encodePng(picture));
    }
    const model = await media.load(await source(), { threads: 1 });
    const { video } = await model.run({ ...step, inputs: { frames } });
    return { bytes: new Uint8Array(await readFile(video?.[0]?.path as string)), mediaType: video?.[0]?.mediaType, told };
  } finally {
    await rm(step.folder, { recursive: true });
  }
}

/** Where the bar stands in each frame of a film. */
async function places(bytes: Uint8Array): Promise<number[]> {
  return (await readFrames(bytes)).map(({ width, data }) => {
    const row = Array.from({ length: width }, (_, x) => data[3 * (width * 10 + x)] as number);
    return Math.floor((8 * row.indexOf(Math.max(...row))) / width);
  });
}

test.each(['gif', 'webp'])('a %s shows the frames in their order, and back again where asked, without showing an end twice', async (format) => {
  expect(await places((await film({ format })).bytes)).toEqual([0, 1, 2, 3, 4, 5]);
  const there = await film({ format, thereAndBack: true });
  expect(await places(there.bytes)).toEqual([0, 1, 2, 3, 4, 5, 4, 3, 2, 1]);
  expect(there.told.fractions).toHaveLength(11);
});

test('an MP4 has every frame, is enlarged where asked, and even where the frames are not', async () => {
  expect(inspectMp4((await film({ framesPerSecond: 3 })).bytes)).toMatchObject({ width: 64, height: 48, frames: 6, seconds: 2, startsFast: true });
  expect(inspectMp4((await film({ enlarge: true })).bytes)).toMatchObject({ width: 704, height: 528 });
  const odd = [bar(0, 51, 33), bar(1, 51, 33)];
  expect(inspectMp4((await film({}, odd)).bytes)).toMatchObject({ width: 52, height: 34, frames: 2 });
});

test('a camera moves over frames that stand still', async () => {
  const same = Array.from({ length: 4 }, () => bar(3));
  expect(await readFrames((await film({ format: 'webp' }, same)).bytes)).toHaveLength(1);
  expect(await readFrames((await film({ format: 'webp', camera: 'orbit' }, same)).bytes)).toHaveLength(4);
});

test('a frame of another size, and one that is no picture, are named', async () => {
  await expect(film({}, [bar(0), bar(1), bar(2, 32, 48)])).rejects.toThrow('Frame 3 has 32 x 48 pixels, and the first 64 x 48');
  const step = await prepareStep({ task: 'frames-to-video', inputs: { frames: { bytes: 'hello', mediaType: 'image/png' } } });
  const model = await media.load(await source(), { threads: 1 });
  const error = await model.run(step).catch((thrown: unknown) => thrown);
  await rm(step.folder, { recursive: true });
  expect(error).toBeInstanceOf(AtelierError);
  expect(error).toMatchObject({ code: 'unsupported-media', message: expect.stringContaining('Frame 1: ') });
});
