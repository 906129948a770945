import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { seeded } from '@atelier/seeded';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FilmFormat, filmFormats, openFilmWriter, sampleNumbers } from './film-writer.ts';
import { inspectMp4, samplesOf } from './mp4.ts';
import { type RgbPicture, readFrames } from './picture.ts';

const { seed, next: random } = seeded('films');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-films-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Wanted {
  readonly format: FilmFormat;
  readonly framesPerSecond: number;
  readonly count: number;
  readonly width?: number;
  readonly height?: number;
  paint(frame: number, x: number, y: number): readonly [number, number, number];
}

function painted({ width = 32, height = 24, paint }: Wanted, frame: number): RgbPicture {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.set(paint(frame, x, y), 3 * (y * width + x));
  return { width, height, data };
}

let films = 0;
async function write(wanted: Wanted): Promise<Uint8Array> {
  const path = join(folder, `film-${films++}`);
  const { width = 32, height = 24, format, framesPerSecond, count } = wanted;
  const sample = () => sampleNumbers(count).map((frame) => painted(wanted, frame));
  const film = await openFilmWriter(path, { format, framesPerSecond, width, height, sample });
  for (let frame = 0; frame < count; frame++) await film.add(painted(wanted, frame));
  await film.close();
  return new Uint8Array(await readFile(path));
}

const drifting = (frame: number, x: number, y: number) => [(7 * x + 11 * frame) & 255, (9 * y + 5 * frame) & 255, (x * y + frame) & 255] as const;

describe.each([
  ['gif', 12],
  ['gif', 7.5],
  ['gif', 30],
  ['gif', 0.5],
  ['webp', 12],
  ['webp', 24],
  ['webp', 60],
] as const)('%s at %d frames a second', (format, framesPerSecond) => {
  test('shows every frame, and the whole lasts as long as it should', async () => {
    const count = 25;
    const { pages, delay = [], loop } = await sharp(await write({ format, framesPerSecond, count, paint: drifting }), { animated: true }).metadata();
    expect(pages).toBe(count);
    expect(loop).toBe(0);
    const total = delay.reduce((sum, milliseconds) => sum + milliseconds, 0);
    expect(Math.abs(total - (1000 * count) / framesPerSecond)).toBeLessThanOrEqual(format === 'gif' ? 5 : 1);
    expect(Math.max(...delay) - Math.min(...delay)).toBeLessThanOrEqual(format === 'gif' ? 10 : 1);
  });
});

test('a GIF too fast for players leaves frames out instead of playing slowly', async () => {
  const { pages = 0, delay = [] } = await sharp(await write({ format: 'gif', framesPerSecond: 60, count: 60, paint: drifting }), { animated: true }).metadata();
  expect(Math.min(...delay)).toBeGreaterThanOrEqual(20);
  expect(delay.reduce((sum, milliseconds) => sum + milliseconds, 0)).toBe(1000);
  expect(pages).toBeGreaterThan(29);
});

test.each(['gif', 'webp'] as const)('neighbours of the same pixels become one frame of a %s that is shown longer', async (format) => {
  const bytes = await write({ format, framesPerSecond: 10, count: 6, paint: (frame) => (frame < 4 ? [200, 10, 10] : [10, 10, 200]) });
  expect((await sharp(bytes, { animated: true }).metadata()).delay).toEqual([400, 200]);
});

test('a GIF of few colours gives back every pixel, however long its codes grow', async () => {
  const colours = Array.from({ length: 40 }, (_, index) => [(index % 5) * 60, (Math.floor(index / 5) % 4) * 80, index > 19 ? 240 : 20] as const);
  const noise = Array.from({ length: 3 }, () => Uint8Array.from({ length: 200 * 150 }, () => Math.floor(random() * 40)));
  const paint = (frame: number, x: number, y: number) => colours[noise[frame]?.[y * 200 + x] as number] as readonly [number, number, number];
  const wanted = { format: 'gif', framesPerSecond: 10, count: 3, width: 200, height: 150, paint } as const;
  const frames = await readFrames(await write(wanted));
  for (const [number, frame] of frames.entries()) expect(Buffer.compare(frame.data, painted(wanted, number).data), `seed ${seed}, frame ${number}`).toBe(0);
});

test('what stands still in a GIF stays still, though colours elsewhere change', async () => {
  const still = (x: number, y: number) => [4 * x + 60, 200 - 3 * y, 2 * (x + y)] as const;
  const paint = (frame: number, x: number, y: number) => (x < 32 ? still(x, y) : ([(40 * frame) & 255, 3 * x, 5 * y] as const));
  const frames = await readFrames(await write({ format: 'gif', framesPerSecond: 10, count: 12, width: 64, height: 48, paint }));
  const standing = ({ data }: RgbPicture) => data.filter((_, place) => Math.floor(place / 3) % 64 < 32);
  for (const frame of frames) expect(standing(frame)).toEqual(standing(frames[0] as RgbPicture));
});

test('a GIF that has too few colours meets them on average: four by four pixels differ by little', async () => {
  const paint = (_: number, x: number, y: number) => [x, y, 255 - ((x + y) >> 1)] as const;
  const wanted = { format: 'gif', framesPerSecond: 10, count: 1, width: 256, height: 256, paint } as const;
  const [frame] = await readFrames(await write(wanted));
  const small = (picture: RgbPicture) =>
    sharp(picture.data, { raw: { width: 256, height: 256, channels: 3 } })
      .resize(64, 64, { kernel: 'linear' })
      .raw()
      .toBuffer();
  const [seen, meant] = [await small(frame as RgbPicture), await small(painted(wanted, 0))];
  const error = Math.sqrt(seen.reduce((sum, value, place) => sum + (value - (meant[place] as number)) ** 2, 0) / seen.length);
  expect(error).toBeLessThan(3);
});

test('an MP4 of more frames than the encoder keeps at once is whole: all key frames, in order, at a rate that is no whole number', async () => {
  const bytes = await write({ format: 'mp4', framesPerSecond: 12.5, count: 75, width: 512, height: 256, paint: (frame, x) => [(3 * frame) & 255, x >> 1, 90] });
  expect(inspectMp4(bytes)).toEqual({ width: 512, height: 256, frames: 75, seconds: 6, startsFast: true });
  const { sizes, bytes: samples } = samplesOf(bytes);
  const view = new DataView(samples.buffer, samples.byteOffset, samples.byteLength);
  let start = 0;
  for (const size of sizes) {
    const kinds: number[] = [];
    for (let unit = start; unit < start + size; unit += 4 + view.getUint32(unit)) kinds.push((samples[unit + 4] as number) & 0x1f);
    expect(kinds).toContain(5);
    start += size;
  }
  expect(start).toBe(samples.length);
});

test.each(filmFormats)('a writer of %s holds a few frames, however many it was given', async (format) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const wanted: Wanted = { format, framesPerSecond: 12, count: 40, paint: drifting };
  const sample = () => [painted(wanted, 0)];
  const film = await openFilmWriter(join(folder, `held.${format}`), { format, framesPerSecond: 12, width: 32, height: 24, sample });
  const given: WeakRef<Uint8Array>[] = [];
  for (let number = 0; number < 40; number++) {
    const frame = painted(wanted, number);
    given.push(new WeakRef(frame.data));
    await film.add(frame);
  }
  await nextTurn();
  collect();
  await nextTurn();
  expect(given.filter((held) => held.deref() !== undefined).length).toBeLessThanOrEqual(2);
  await film.close();
});

test('a frame of another size is named, and what was begun leaves nothing beside it', async () => {
  for (const format of filmFormats) {
    const path = join(folder, `${format}-refused`);
    const sample = () => [painted({ format, framesPerSecond: 5, count: 1, paint: drifting }, 0)];
    const film = await openFilmWriter(path, { format, framesPerSecond: 5, width: 32, height: 24, sample });
    await film.add(painted({ format, framesPerSecond: 5, count: 1, paint: drifting }, 0));
    const other = painted({ format, framesPerSecond: 5, count: 1, width: 30, paint: drifting }, 0);
    await expect(film.add(other)).rejects.toMatchObject({ code: 'invalid-input', message: 'Frame 2 has 30 x 24 pixels, the video 32 x 24.' });
    await film.discard();
  }
  expect((await readdir(folder)).filter((name) => name.endsWith('.samples'))).toEqual([]);
});

test('sides that a format cannot have are refused before anything is written', async () => {
  const open = (format: FilmFormat, width: number) =>
    openFilmWriter(join(folder, 'never'), { format, framesPerSecond: 5, width, height: 24, sample: () => [] });
  await expect(open('mp4', 4098)).rejects.toMatchObject({ code: 'invalid-input', hint: expect.stringContaining('webp') });
  await expect(open('mp4', 33)).rejects.toThrow(/even/);
  await expect(open('webp', 16_384)).rejects.toMatchObject({ code: 'invalid-input' });
  await expect(open('gif', 65_536)).rejects.toMatchObject({ code: 'invalid-input' });
  expect(await readdir(folder)).not.toContain('never');
});

test('a sample has the first and the last frame, and at most sixteen', () => {
  expect(sampleNumbers(1)).toEqual([0]);
  expect(sampleNumbers(3)).toEqual([0, 1, 2]);
  expect(sampleNumbers(2400)).toHaveLength(16);
  expect(sampleNumbers(2400).at(-1)).toBe(2399);
});
