import { expect, test } from 'vitest';
import { encodeFilm, filmSize } from './film.ts';
import { boxesOf, inspectMp4 } from './mp4.ts';
import { type RgbPicture, readFrames } from './picture.ts';
import { sniffMediaType } from './sniff.ts';

const colours = [
  [250, 20, 20],
  [20, 230, 30],
  [30, 40, 240],
] as const;

/** Plain frames of one colour each. */
function plainFrames(width: number, height: number): RgbPicture[] {
  return colours.map((colour) => ({ width, height, data: Uint8Array.from({ length: width * height * 3 }, (_, i) => colour[i % 3] as number) }));
}

test.each(['webp', 'gif'] as const)('an animated %s gives back its frames in order', async (format) => {
  const { bytes, mediaType } = await encodeFilm(plainFrames(32, 24), { format, framesPerSecond: 12 });
  expect(sniffMediaType(bytes)).toBe(mediaType);
  const frames = await readFrames(bytes);
  expect(frames.map(({ width, height }) => [width, height])).toEqual([
    [32, 24],
    [32, 24],
    [32, 24],
  ]);
  for (const [index, frame] of frames.entries()) {
    for (const channel of [0, 1, 2]) expect(Math.abs((frame.data[channel] as number) - (colours[index]?.[channel] as number))).toBeLessThan(12);
  }
});

test('an MP4 names its frames, size and length, begins with its head, and has no gap or overlap', async () => {
  const { bytes } = await encodeFilm(plainFrames(64, 48), { format: 'mp4', framesPerSecond: 12 });
  expect(sniffMediaType(bytes)).toBe('video/mp4');
  expect(inspectMp4(bytes)).toEqual({ width: 64, height: 48, frames: 3, seconds: 0.25, startsFast: true });
  expect(boxesOf(bytes, 0, bytes.length).map((box) => box.type)).toEqual(['ftyp', 'moov', 'mdat']);
});

test('the samples of an MP4 begin where its head says: each is an H.264 unit of a known kind', async () => {
  const { bytes } = await encodeFilm(plainFrames(64, 48), { format: 'mp4', framesPerSecond: 12 });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = (type: string) => Buffer.from(bytes).indexOf(type, 0, 'latin1') + 4;
  const count = view.getUint32(at('stco') + 4);
  expect(count).toBeGreaterThan(0);
  for (let chunk = 0; chunk < count; chunk++) {
    const unit = view.getUint32(at('stco') + 8 + chunk * 4);
    const kind = (bytes[unit + 4] as number) & 0x1f;
    expect([1, 5, 6, 7, 8]).toContain(kind);
  }
});

test('the same frames give the same bytes, whatever the time', async () => {
  const frames = plainFrames(32, 32);
  const [first, second] = [await encodeFilm(frames, { format: 'mp4', framesPerSecond: 5 }), await encodeFilm(frames, { format: 'mp4', framesPerSecond: 5 })];
  expect(first.bytes).toEqual(second.bytes);
  const mvhd = Buffer.from(first.bytes).indexOf('mvhd', 0, 'latin1');
  expect([...first.bytes.subarray(mvhd + 8, mvhd + 16)]).toEqual(Array(8).fill(0));
  expect(Buffer.from(first.bytes).readUInt32BE(mvhd + 24)).toBe(90_000);
});

test('an MP4 cut anywhere in its head or pictures is damaged', async () => {
  const { bytes } = await encodeFilm(plainFrames(32, 32), { format: 'mp4', framesPerSecond: 5 });
  for (const share of [0.1, 0.5, 0.9, 0.99]) {
    expect(() => inspectMp4(bytes.subarray(0, Math.floor(bytes.length * share))), `cut at ${share}`).toThrow(/incomplete or damaged/);
  }
});

test('small frames are enlarged by a whole factor to about 512, large ones only to even sides', () => {
  expect(filmSize({ width: 128, height: 128 })).toEqual({ width: 512, height: 512 });
  expect(filmSize({ width: 512, height: 768 })).toEqual({ width: 512, height: 768 });
  expect(filmSize({ width: 701, height: 801 })).toEqual({ width: 702, height: 802 });
});

test('no frames, unequal frames and odd sides are refused', async () => {
  const options = { format: 'mp4', framesPerSecond: 12 } as const;
  await expect(encodeFilm([], options)).rejects.toMatchObject({ code: 'invalid-input' });
  await expect(encodeFilm([...plainFrames(32, 32), ...plainFrames(16, 16)], options)).rejects.toMatchObject({ code: 'invalid-input' });
  await expect(encodeFilm(plainFrames(33, 32), options)).rejects.toThrow(/even/);
});
