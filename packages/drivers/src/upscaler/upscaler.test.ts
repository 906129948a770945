import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { encodePng, encodeTransparentPng, type RgbPicture, readPicture, readTransparentPicture, resizePicture } from '@atelier/media';
import { ModelManifest } from '@atelier/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listen, prepareStep, testDriver } from '../conformance.ts';
import type { LoadedModel } from '../driver.ts';
import { pulledModel } from '../pulled-model.ts';
import { onnxUpscaler } from './driver.ts';
import { enlargePicture } from './enlarge.ts';
import type { UpscalingNetwork } from './network.ts';
import { type TileSize, tileStarts } from './tiles.ts';

const seed = Number(process.env.ATELIER_TEST_SEED ?? Math.floor(Math.random() * 2 ** 32));
console.info(`packages/drivers upscaler: ATELIER_TEST_SEED=${seed}`);

/** Smooth waves, of which neighbouring pixels can be told apart. */
function waves(width: number, height: number): RgbPicture {
  const phase = seed % 7;
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let colour = 0; colour < 3; colour++)
        data[3 * (y * width + x) + colour] = Math.round(127 + 100 * Math.sin(phase + x / (6 + colour)) * Math.cos(y / 9));
    }
  }
  return { width, height, data };
}

/**
 * Repeats every pixel, and spoils what it draws within `rim` pixels of a tile's border, as real networks do for want of context.
 * It is arithmetic instead of weights, so that every pixel of the result is known.
 */
function repeating(scale: number, rim: number, tiles: TileSize[] = []): UpscalingNetwork {
  return {
    scale,
    fixedSide: undefined,
    async enlarge(planes, size) {
      tiles.push(size);
      const { width, height } = size;
      return Float32Array.from({ length: 3 * width * height * scale * scale }, (_, place) => {
        const [x, y] = [Math.floor((place % (width * scale)) / scale), Math.floor(Math.floor(place / (width * scale)) / scale) % height];
        if (Math.min(x, y, width - 1 - x, height - 1 - y) < rim) return 5;
        return planes[Math.floor(place / (width * height * scale * scale)) * width * height + y * width + x] as number;
      });
    },
  };
}

function repeated(picture: RgbPicture, scale: number): Uint8Array {
  const width = picture.width * scale;
  return Uint8Array.from({ length: picture.data.length * scale * scale }, (_, place) => {
    const pixel = Math.floor(place / 3);
    return picture.data[3 * (Math.floor(Math.floor(pixel / width) / scale) * picture.width + Math.floor((pixel % width) / scale)) + (place % 3)] as number;
  });
}

test.each([
  [50, 40],
  [150, 97],
  [64, 300],
  [3, 700],
  [900, 5],
])('no pixel of %d x %d shows a seam, though tiles are spoilt at their rims', async (width, height) => {
  const picture = waves(width, height);
  const large = await enlargePicture(picture, 2, repeating(2, 8), { width: 72, height: 72, overlap: 24, bandPixels: 1e7 }, () => undefined);
  expect([large.width, large.height]).toEqual([2 * width, 2 * height]);
  expect(Buffer.compare(large.data, repeated(picture, 2)), `seed ${seed}`).toBe(0);
});

test.each([
  [3, 5_000],
  [5_000, 3],
  [40, 3_000],
  [1_000, 700],
])('of %d x %d not many more pixels are sent through a network than it has with its margins', async (width, height) => {
  const tiles: TileSize[] = [];
  const tiling = { width: 192, height: 192, overlap: 32, bandPixels: 1e7 };
  await enlargePicture({ width, height, data: new Uint8Array(3 * width * height) }, 2, repeating(2, 0, tiles), tiling, () => undefined);
  const sent = tiles.reduce((sum, tile) => sum + tile.width * tile.height, 0);
  expect(sent).toBeLessThan(1.8 * (width + 22) * (height + 22));
  expect(Math.max(...tiles.map((tile) => tile.width * tile.height))).toBeLessThanOrEqual(192 * 192);
});

test('tiles overlap by what was asked and reach beyond every border', () => {
  const starts = tileStarts(500, 96, 30);
  expect(starts[0]).toBe(-10);
  expect((starts.at(-1) as number) + 96).toBeGreaterThanOrEqual(510);
  for (const [index, start] of starts.slice(1).entries()) expect(start - (starts[index] as number)).toBe(66);
});

test.each([2, 3, 4, 5, 8])('%d times is reached exactly from a network of four times, without drawing more than was asked', async (factor) => {
  const picture = waves(61, 47);
  const tiles: TileSize[] = [];
  const shares: number[] = [];
  const large = await enlargePicture(picture, factor, repeating(4, 0, tiles), { width: 192, height: 192, overlap: 24, bandPixels: 1e7 }, (share) =>
    shares.push(share),
  );
  expect([large.width, large.height]).toEqual([61 * factor, 47 * factor]);
  expect(Math.max(...tiles.map(({ width }) => width))).toBeLessThanOrEqual(Math.max(61, Math.ceil((61 * factor) / 4)) + 16);
  expect(shares.at(-1)).toBeCloseTo(1);
  const smooth = await resizePicture(picture, large);
  const error = large.data.reduce((sum, value, place) => sum + Math.abs(value - (smooth.data[place] as number)), 0) / large.data.length;
  expect(error).toBeLessThan(6);
});

test('bands of a picture too large to be drawn at once join without a seam', async () => {
  const picture = waves(60, 250);
  const large = await enlargePicture(picture, 2, repeating(4, 8), { width: 72, height: 72, overlap: 24, bandPixels: 60_000 }, () => undefined);
  const whole = await resizePicture({ width: 240, height: 1000, data: repeated(picture, 4) }, { width: 120, height: 500 });
  const worst = large.data.reduce((most, value, place) => Math.max(most, Math.abs(value - (whole.data[place] as number))), 0);
  expect(worst).toBeLessThanOrEqual(1);
});

const source = await pulledModel('starter-upscaler');
const castle = new URL('../../../../models/starter-diffusion/reference/castle.png', import.meta.url);

describe.skipIf(source === undefined)('the starter model', () => {
  const model = () => loaded as LoadedModel;
  let loaded: LoadedModel | undefined;
  beforeAll(async () => {
    if (source !== undefined) loaded = await onnxUpscaler.load(source, { threads: 1 });
  });
  afterAll(() => loaded?.close());

  async function upscale(bytes: Uint8Array, factor: number) {
    const step = await prepareStep({ task: 'image-upscaling', parameters: { factor }, inputs: { image: { bytes, mediaType: 'image/png' } } }, listen());
    try {
      return new Uint8Array(await readFile((await model().run(step)).image?.[0]?.path as string));
    } finally {
      await rm(step.folder, { recursive: true });
    }
  }

  test('brings back a picture that was scaled down better than a Lanczos filter does', async () => {
    const whole = await readPicture(await readFile(castle));
    const small = await resizePicture(whole, { width: 32, height: 32 });
    const error = ({ data }: RgbPicture) => data.reduce((sum, value, place) => sum + (value - (whole.data[place] as number)) ** 2, 0);
    const drawn = await readPicture(await upscale(await encodePng(small), 4));
    expect(error(drawn)).toBeLessThan(0.8 * error(await resizePicture(small, whole)));
  });

  test('keeps transparency, and colours run out into it instead of a dark seam', async () => {
    const alpha = Uint8Array.from({ length: 40 * 40 }, (_, place) => (place % 40 < 20 ? 255 : 0));
    const data = Uint8Array.from({ length: 3 * 40 * 40 }, (_, place) => (Math.floor(place / 3) % 40 < 20 ? 230 : 0));
    const drawn = await readTransparentPicture(await upscale(await encodeTransparentPng({ width: 40, height: 40, data }, alpha), 2));
    const row = 80 * 40;
    expect([drawn.picture.width, drawn.picture.height]).toEqual([80, 80]);
    expect([drawn.alpha?.[row + 10], drawn.alpha?.[row + 70]]).toEqual([255, 0]);
    for (const x of [10, 30, 38, 39]) expect(drawn.picture.data[3 * (row + x)], `column ${x}`).toBeGreaterThan(220);
  });

  test('refuses more pixels than the limit before it decodes anything, and says which factor fits', async () => {
    const header = await encodePng({ width: 3000, height: 2500, data: new Uint8Array(3 * 3000 * 2500) });
    await expect(upscale(header.subarray(0, 200), 8)).rejects.toMatchObject({ code: 'too-large', hint: expect.stringContaining('at most 2') });
  });

  test('a graph that is no upscaler is refused when it is loaded', async () => {
    const { folder } = (await pulledModel('starter-diffusion')) ?? { folder: '' };
    const manifest = ModelManifest.parse({ ...source?.manifest, options: { graph: 'vae_decoder/model.onnx' } });
    await expect(onnxUpscaler.load({ manifest, folder }, { threads: 1 })).rejects.toMatchObject({ code: 'invalid-input' });
    const missing = { ...manifest, options: { graph: 'none.onnx' } };
    await expect(onnxUpscaler.load({ manifest: missing, folder: join(folder, 'x') }, { threads: 1 })).rejects.toMatchObject({ code: 'invalid-input' });
  });
});

if (source !== undefined) {
  testDriver('onnx-upscaler', {
    driver: onnxUpscaler,
    source: () => source,
    task: 'image-upscaling',
    inputs: { image: { bytes: await encodePng(waves(24, 20)), mediaType: 'image/png' } },
  });
}
