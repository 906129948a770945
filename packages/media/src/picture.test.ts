import { limits } from '@atelier/protocol';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { encodePng, inspectPicture, type RgbPicture, readPicture, readPictureCovering, samePixels } from './picture.ts';
import { floatsToPicture, pictureToFloats } from './picture-tensor.ts';
import { sniffMediaType } from './sniff.ts';

/** A picture with enough detail that every kind of file has some bytes: 96 x 64. */
function waves(): RgbPicture {
  const [width, height] = [96, 64];
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return 128 + 120 * Math.sin((pixel % width) / 5 + (i % 3)) * Math.cos(Math.floor(pixel / width) / 7);
  });
  return { width, height, data };
}

const raw = (picture: RgbPicture) => sharp(picture.data, { raw: { width: picture.width, height: picture.height, channels: 3 } });
const kinds = ['png', 'jpeg', 'webp', 'gif', 'avif'] as const;

function meanDifference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, value, i) => sum + Math.abs(value - (b[i] as number)), 0) / a.length;
}

test.each(kinds)('a whole %s is read, close to what was drawn', async (kind) => {
  const bytes = await raw(waves()).toFormat(kind, { quality: 90 }).toBuffer();
  expect(sniffMediaType(bytes)).toBe(`image/${kind}`);
  const picture = await readPicture(bytes);
  expect(picture).toMatchObject({ width: 96, height: 64 });
  expect(meanDifference(picture.data, waves().data)).toBeLessThan(8);
});

test.each(kinds)('a %s cut at any of five places is damaged, never a half picture', async (kind) => {
  const bytes = await raw(waves()).toFormat(kind, { quality: 90 }).toBuffer();
  for (const share of [0.3, 0.5, 0.7, 0.9, 0.98]) {
    const cut = bytes.subarray(0, Math.floor(bytes.length * share));
    await expect(readPicture(cut), `cut at ${share}`).rejects.toMatchObject({ code: 'damaged-media' });
  }
});

/** Where the scans of a JPEG begin. */
function scansOf(bytes: Buffer): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf('ffda', 0, 'hex'); at >= 0; at = bytes.indexOf('ffda', at + 2, 'hex')) places.push(at);
  return places;
}

describe.each([
  ['sequential', false],
  ['progressive', true],
])('a %s JPEG', (_name, progressive) => {
  const made = () => raw(waves()).jpeg({ quality: 90, progressive }).toBuffer();
  const endMark = Buffer.from([0xff, 0xd9]);
  const stray = Buffer.from('no marker\0');

  test('with stray bytes before a table, before its end or behind it, or without its end mark, has all of its pixels', async () => {
    const bytes = await made();
    const body = bytes.subarray(0, -2);
    const table = bytes.indexOf('ffc4', 0, 'hex');
    const faulty = {
      'before a table': Buffer.concat([bytes.subarray(0, table), stray, bytes.subarray(table)]),
      'before the first segment': Buffer.concat([bytes.subarray(0, 2), stray, bytes.subarray(2)]),
      'before the end mark': Buffer.concat([body, stray, endMark]),
      'zeros before the end mark': Buffer.concat([body, Buffer.alloc(13), endMark]),
      'behind the end mark': Buffer.concat([bytes, stray]),
      'no end mark': body,
      'stray bytes and no end mark': Buffer.concat([bytes.subarray(0, table), stray, bytes.subarray(table, -2)]),
    };
    const whole = await readPicture(bytes);
    for (const [fault, file] of Object.entries(faulty)) {
      expect(await inspectPicture(file), fault).toMatchObject({ width: 96, height: 64 });
      expect(samePixels(await readPicture(file), whole), fault).toBe(true);
    }
  });

  test('that lost its middle, or the end of its pixels with or without an end mark, is damaged', async () => {
    const bytes = await made();
    const half = Math.floor(bytes.length / 2);
    const cuts = [half, bytes.length - 12, ...(progressive ? scansOf(bytes).slice(1) : [])];
    for (const cut of cuts) await expect(readPicture(bytes.subarray(0, cut)), `cut at ${cut}`).rejects.toMatchObject({ code: 'damaged-media' });
    const hole = Buffer.concat([bytes.subarray(0, half), endMark]);
    await expect(readPicture(hole)).rejects.toMatchObject({ code: 'damaged-media' });
    const filled = Buffer.concat([bytes.subarray(0, half), Buffer.alloc(bytes.length - half - 2), endMark]);
    await expect(readPicture(filled)).rejects.toMatchObject({ code: 'damaged-media' });
  });
});

test('a sequential JPEG whose scan header names another spectral range, or whose JFIF has version 2, has all of its pixels', async () => {
  const drawn = await raw(waves()).jpeg({ quality: 90 }).toBuffer();
  const jfif = Buffer.from([0xff, 0xe0, 0, 16, ...Buffer.from('JFIF\0'), 1, 2, 0, 0, 72, 0, 72, 0, 0]);
  const bytes = Buffer.concat([drawn.subarray(0, 2), jfif, drawn.subarray(2)]);
  const scan = scansOf(bytes)[0] as number;
  for (const [at, values] of [
    [scan + 11, [0, 0, 0]],
    [scan + 11, [3, 62, 33]],
    [bytes.indexOf('JFIF') + 5, [2]],
  ] as const) {
    const faulty = Buffer.from(bytes);
    faulty.set(values, at);
    expect(samePixels(await readPicture(faulty), await readPicture(bytes)), `${values} at ${at}`).toBe(true);
  }
});

test('what is no picture is unsupported and says what it is', async () => {
  await expect(readPicture(Buffer.from('hello'))).rejects.toMatchObject({ code: 'unsupported-media' });
  await expect(readPicture(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'))).rejects.toMatchObject({ code: 'unsupported-media' });
  await expect(readPicture(Buffer.from('OggS and more'))).rejects.toThrow(/audio\/ogg/);
});

test('a small file that unpacks to more pixels than allowed is refused before it is unpacked', async () => {
  const side = Math.ceil(Math.sqrt(limits.picturePixels)) + 1;
  const bytes = await sharp({ create: { width: side, height: side, channels: 3, background: '#fff' }, limitInputPixels: false })
    .png({ compressionLevel: 6 })
    .toBuffer();
  await expect(inspectPicture(bytes)).rejects.toMatchObject({ code: 'too-large' });
  await expect(readPicture(bytes)).rejects.toMatchObject({ code: 'too-large' });
});

test('transparency becomes white, grey becomes colour, and the rotation of the file is applied', async () => {
  const clear = await sharp({ create: { width: 8, height: 8, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0 } } })
    .png()
    .toBuffer();
  expect([...(await readPicture(clear)).data.subarray(0, 3)]).toEqual([255, 255, 255]);
  const grey = await raw(waves()).greyscale().png().toBuffer();
  expect((await readPicture(grey)).data).toHaveLength(96 * 64 * 3);
  const turned = await raw(waves()).withMetadata({ orientation: 6 }).jpeg().toBuffer();
  expect(await readPicture(turned)).toMatchObject({ width: 64, height: 96 });
  expect(await inspectPicture(turned)).toMatchObject({ width: 64, height: 96 });
});

test('a picture is cut evenly to cover another shape', async () => {
  const picture = await readPictureCovering(await encodePng(waves()), { width: 32, height: 32 });
  expect(picture).toMatchObject({ width: 32, height: 32 });
  expect(picture.data).toHaveLength(32 * 32 * 3);
});

test('PNG is without loss and the same pixels give the same bytes', async () => {
  const bytes = await encodePng(waves());
  expect((await readPicture(bytes)).data).toEqual(Buffer.from(waves().data));
  expect(await encodePng(waves())).toEqual(bytes);
});

test('pixels to numbers and back is the identity, and what lies beyond is clipped', () => {
  const picture = waves();
  expect(floatsToPicture(pictureToFloats(picture), picture.width, picture.height)).toEqual(picture);
  expect([...floatsToPicture(Float32Array.of(-3, 0, 7), 1, 1).data]).toEqual([0, 128, 255]);
});
