import sharp from 'sharp';
import { expect, test } from 'vitest';
import { maskValues, readMask } from './mask.ts';
import type { RgbPicture } from './picture.ts';

const [width, height] = [64, 48];
const pixels = width * height;
type Colour = readonly [red: number, green: number, blue: number, alpha: number];

/** The part that is painted or cut out: not at the border. */
const isInside = (pixel: number) => {
  const [x, y] = [pixel % width, Math.floor(pixel / width)];
  return x >= 10 && x < 40 && y >= 8 && y < 30;
};
const wanted = Array.from({ length: pixels }, (_, pixel) => (isInside(pixel) ? 1 : 0));
const inverse = wanted.map((value) => 1 - value);

const colourAt = (pixel: number): Colour => [255 - (pixel % width) * 3, (pixel % width) * 4, Math.floor(pixel / width) * 5, 255];
const picture: RgbPicture = { width, height, data: Uint8Array.from({ length: 3 * pixels }, (_, i) => colourAt(Math.floor(i / 3))[i % 3] as number) };

function drawn(colour: (pixel: number) => Colour) {
  return sharp(
    Uint8Array.from({ length: 4 * pixels }, (_, i) => colour(Math.floor(i / 4))[i % 4] as number),
    { raw: { width, height, channels: 4 } },
  );
}

const painted = (inside: Colour, outside: Colour) => drawn((pixel) => (isInside(pixel) ? inside : outside));
const partsOf = async (bytes: Uint8Array, options = {}) => Array.from(maskValues(await readMask(bytes, picture, options)));

test.each<[string, Colour, Colour]>([
  ['white on clear black', [255, 255, 255, 255], [0, 0, 0, 0]],
  ['white on clear white', [255, 255, 255, 255], [255, 255, 255, 0]],
  ['black on clear white', [0, 0, 0, 255], [255, 255, 255, 0]],
  ['black on clear black', [0, 0, 0, 255], [0, 0, 0, 0]],
  ['red of half opacity', [250, 20, 30, 110], [0, 0, 0, 0]],
])('paint of one colour on a clear ground is drawn again: %s', async (_name, inside, outside) => {
  expect(await partsOf(await painted(inside, outside).png().toBuffer())).toEqual(wanted);
  expect(await partsOf(await painted(inside, outside).webp({ lossless: true }).toBuffer())).toEqual(wanted);
});

test('a clear hole is drawn again, in the picture itself or in ground of one colour', async () => {
  const hole = drawn((pixel) => (isInside(pixel) ? [0, 0, 0, 0] : colourAt(pixel)));
  expect(await partsOf(await hole.png().toBuffer())).toEqual(wanted);
  expect(await partsOf(await hole.webp({ quality: 95 }).toBuffer())).toEqual(wanted);
  expect(await partsOf(await painted([0, 0, 0, 0], [0, 0, 0, 255]).png().toBuffer())).toEqual(wanted);
  expect(await partsOf(await painted([255, 255, 255, 0], [255, 255, 255, 255]).png().toBuffer())).toEqual(wanted);
});

test('a picture whose ground was cut away has its ground drawn again', async () => {
  const cut = drawn((pixel) => (isInside(pixel) ? colourAt(pixel) : [0, 0, 0, 0]));
  expect(await partsOf(await cut.png().toBuffer())).toEqual(inverse);
});

test('grey with transparency, a palette and sixteen bits are read alike', async () => {
  const rgba = () => painted([255, 255, 255, 255], [0, 0, 0, 0]);
  const grey = await rgba().toColourspace('b-w').png().toBuffer();
  expect((await sharp(grey).metadata()).channels).toBe(2);
  expect(await partsOf(grey)).toEqual(wanted);
  expect(await partsOf(await rgba().png({ palette: true }).toBuffer())).toEqual(wanted);
  expect(await partsOf(await rgba().gif().toBuffer())).toEqual(wanted);
  const deep = await rgba().toColourspace('rgb16').png().toBuffer();
  expect((await sharp(deep).metadata()).depth).toBe('ushort');
  expect(await partsOf(deep)).toEqual(wanted);
});

test('without transparency white is drawn again, with an opaque fourth channel too', async () => {
  const mask = () => painted([255, 255, 255, 255], [0, 0, 0, 255]);
  expect(await partsOf(await mask().png().toBuffer())).toEqual(wanted);
  expect(await partsOf(await mask().removeAlpha().png().toBuffer())).toEqual(wanted);
  expect(await partsOf(await mask().removeAlpha().jpeg({ quality: 95 }).toBuffer())).toEqual(wanted);
});

test('what OpenAI calls a mask is always a hole', async () => {
  const paint = await painted([0, 0, 0, 255], [0, 0, 0, 0]).png().toBuffer();
  expect(await partsOf(paint, { transparency: 'drawn' })).toEqual(inverse);
});

test.each<[string, (pixel: number) => Colour]>([
  ['white and black paint on a clear ground', (pixel) => (isInside(pixel) ? [pixel % 2 ? 255 : 0, 0, 0, 255] : [0, 0, 0, 0])],
  ['another picture with a hole', (pixel) => (isInside(pixel) ? [0, 0, 0, 0] : [255 - ((pixel * 5) % 256), pixel % 90, 200, 255])],
  ['one colour that ends at the middle', (pixel) => [9, 9, 9, pixel % width < width / 2 ? 0 : 255]],
  ['nothing but transparency', () => [0, 0, 0, 0]],
])('%s is refused by name', async (_name, colour) => {
  const bytes = await drawn(colour).png().toBuffer();
  await expect(readMask(bytes, picture)).rejects.toMatchObject({
    code: 'invalid-input',
    message: expect.stringContaining('transparent'),
    hint: expect.stringContaining('white is drawn again'),
  });
});

test('another size and a black mask are refused', async () => {
  const black = painted([0, 0, 0, 255], [0, 0, 0, 255]);
  await expect(readMask(await black.png().toBuffer(), picture)).rejects.toThrow(/black throughout/);
  await expect(readMask(await black.resize(32, 24).png().toBuffer(), picture)).rejects.toThrow('The mask has 32 x 24 pixels, but the image 64 x 48.');
});
