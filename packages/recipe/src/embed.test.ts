import { readFileSync } from 'node:fs';
import { AtelierError, limits, type RecipeDocument } from '@atelier/protocol';
import { seeded } from '@atelier/seeded';
import sharp, { type Sharp } from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { applyEdits, canCarryRecipe, embedRecipe, readRecipe, recipeEdits, recipeTail } from './index.ts';
import { randomRecipe } from './random-recipe.test-support.ts';

const { seed, next: random } = seeded('recipes');

/** A picture of noise, of an odd width, in several frames if asked. */
function noise(pages = 1, channels: 3 | 4 = 3): Sharp {
  const [width, height] = [65, 40];
  const data = Uint8Array.from({ length: width * height * pages * channels }, () => Math.floor(random() * 256));
  return sharp(data, { raw: { width, height: height * pages, channels, ...(pages > 1 ? { pageHeight: height } : {}) } });
}

const foreignXmp = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="a camera"/></rdf:RDF></x:xmpmeta>`;

/** Files of real encoders: media type and bytes by name. */
const makers: Readonly<Record<string, readonly [string, () => Promise<Uint8Array>]>> = {
  png: ['image/png', () => noise().png().toBuffer()],
  'png with alpha': ['image/png', () => noise(1, 4).png().toBuffer()],
  jpeg: ['image/jpeg', () => noise().jpeg().toBuffer()],
  'jpeg with Exif': [
    'image/jpeg',
    () =>
      noise()
        .withExif({ IFD0: { Artist: 'somebody' } })
        .jpeg()
        .toBuffer(),
  ],
  'jpeg with XMP': ['image/jpeg', () => noise().withXmp(foreignXmp).jpeg().toBuffer()],
  'lossy webp': ['image/webp', () => noise().webp().toBuffer()],
  'lossless webp with alpha': ['image/webp', () => noise(1, 4).webp({ lossless: true }).toBuffer()],
  'animated webp': [
    'image/webp',
    () =>
      noise(3)
        .webp({ delay: [100, 50, 200] })
        .toBuffer(),
  ],
  'webp with XMP': ['image/webp', () => noise().withXmp(foreignXmp).webp().toBuffer()],
  gif: ['image/gif', () => noise().gif().toBuffer()],
  'animated gif': [
    'image/gif',
    () =>
      noise(3)
        .gif({ delay: [100, 50, 200] })
        .toBuffer(),
  ],
  mp4: ['video/mp4', async () => new Uint8Array(readFileSync(new URL('../../media/fixtures/recorded.mp4', import.meta.url)))],
};

const files = new Map<string, { mediaType: string; bytes: Uint8Array }>();
beforeAll(async () => {
  for (const [name, [mediaType, make]] of Object.entries(makers)) files.set(name, { mediaType, bytes: new Uint8Array(await make()) });
});
const fileOf = (name: string) => files.get(name) as { mediaType: string; bytes: Uint8Array };

async function pixelsAndPlace(bytes: Uint8Array) {
  const { width, height, pages, delay, loop, exif } = await sharp(bytes, { animated: true }).metadata();
  return { width, height, pages, delay, loop, exif, pixels: await sharp(bytes, { animated: true, failOn: 'warning' }).raw().toBuffer() };
}

/** What was written and read: JSON keeps no more. */
const asRead = (document: RecipeDocument) => JSON.parse(JSON.stringify(document)) as RecipeDocument;

describe.each(Object.keys(makers))('%s', (name) => {
  test('gives back a recipe of any characters, and pixels, delays and Exif as they were', async () => {
    const { mediaType, bytes } = fileOf(name);
    expect(readRecipe(bytes)).toBeNull();
    const document = randomRecipe(random);
    const carrying = embedRecipe(bytes, mediaType, document);
    expect(readRecipe(carrying)).toEqual(asRead(document));
    if (mediaType !== 'video/mp4') expect(await pixelsAndPlace(carrying)).toEqual(await pixelsAndPlace(bytes));
    else expect(carrying.subarray(0, bytes.length)).toEqual(bytes);
  });

  test('holds the last of several recipes, and only that', () => {
    const { mediaType, bytes } = fileOf(name);
    const [first, second] = [randomRecipe(random), randomRecipe(random)];
    const once = embedRecipe(bytes, mediaType, second);
    const twice = embedRecipe(embedRecipe(bytes, mediaType, first), mediaType, second);
    expect(readRecipe(twice)).toEqual(asRead(second));
    expect(twice).toEqual(once);
  });

  test('a server that has read only its beginning sends the same bytes', () => {
    const { mediaType, bytes } = fileOf(name);
    const document = randomRecipe(random);
    const head = bytes.subarray(0, 1200);
    const edits = recipeEdits(head, bytes.length, mediaType, document);
    if (name === 'webp with XMP') expect(edits).toBeNull();
    else expect(edits && applyEdits(bytes, edits)).toEqual(embedRecipe(bytes, mediaType, document));
  });

  test('cut off anywhere or with bytes changed, it gives a recipe, none, or an error of ours', () => {
    const { mediaType, bytes } = fileOf(name);
    const whole = embedRecipe(bytes, mediaType, randomRecipe(random));
    for (let round = 0; round < 300; round++) {
      const broken = whole.slice(0, round % 2 === 0 ? Math.floor(random() * whole.length) : whole.length);
      for (let change = 0; change < round % 8; change++)
        broken[Math.floor(random() * Math.min(broken.length, round < 150 ? 60 : broken.length))] = Math.floor(random() * 256);
      expectOnlyOurErrors(() => readRecipe(broken), `seed ${seed}, reading, round ${round}`);
      expectOnlyOurErrors(() => embedRecipe(broken, mediaType, randomRecipe(random)), `seed ${seed}, writing, round ${round}`);
    }
  });
});

function expectOnlyOurErrors(act: () => unknown, what: string): void {
  try {
    act();
  } catch (error) {
    expect(error, what).toBeInstanceOf(AtelierError);
    expect(['damaged-media', 'too-large', 'unsupported-media'], what).toContain((error as AtelierError).code);
  }
}

test('random bytes behind the mark of any kind never throw anything but our errors', () => {
  const marks = [...files.values()].map(({ bytes, mediaType }) => ({ mark: bytes.subarray(0, 16), mediaType }));
  for (let round = 0; round < 2000; round++) {
    const { mark, mediaType } = marks[round % marks.length] as (typeof marks)[number];
    const bytes = Uint8Array.from({ length: Math.floor(random() * 200) }, () => Math.floor(random() * 256));
    bytes.set(mark.subarray(0, bytes.length));
    expectOnlyOurErrors(() => readRecipe(bytes), `seed ${seed}, reading, round ${round}`);
    expectOnlyOurErrors(() => embedRecipe(bytes, mediaType, randomRecipe(random, 3)), `seed ${seed}, writing, round ${round}`);
  }
});

test('other programs find it where the specifications say: PNG text by its keyword, XMP in JPEG and WebP', async () => {
  const document = randomRecipe(random, 5);
  const comments = (await sharp(embedRecipe(fileOf('png').bytes, 'image/png', document)).metadata()).comments;
  expect(JSON.parse(comments?.find(({ keyword }) => keyword.endsWith('atelier'))?.text ?? '')).toEqual(asRead(document));
  for (const name of ['jpeg', 'lossy webp', 'animated webp']) {
    const { mediaType, bytes } = fileOf(name);
    expect((await sharp(embedRecipe(bytes, mediaType, document)).metadata()).xmpAsString, name).toContain('<atelier:Recipe>{&quot;'.replaceAll('&quot;', '"'));
  }
});

test.each(['jpeg with XMP', 'webp with XMP'])('%s keeps what the XMP said besides', async (name) => {
  const { mediaType, bytes } = fileOf(name);
  const carrying = embedRecipe(embedRecipe(bytes, mediaType, randomRecipe(random)), mediaType, randomRecipe(random));
  const { xmpAsString = '' } = await sharp(carrying).metadata();
  expect(xmpAsString).toContain('dc:source="a camera"');
  expect(xmpAsString.split('<atelier:Recipe>')).toHaveLength(2);
});

test('an appendix makes a film carry its recipe', () => {
  const { bytes } = fileOf('mp4');
  const document = randomRecipe(random);
  const tail = recipeTail('video/mp4', document) as Uint8Array;
  expect(readRecipe(Buffer.concat([bytes, tail]))).toEqual(asRead(document));
  expect(recipeTail('image/gif', document)).toBeNull();
});

test('a recipe in the middle of a film is replaced without moving what lies behind it', () => {
  const { bytes } = fileOf('mp4');
  const [first, second] = [randomRecipe(random), randomRecipe(random)];
  const rear = Uint8Array.of(0, 0, 0, 12, ...new TextEncoder().encode('skip'), 1, 2, 3, 4);
  const middle = Buffer.concat([embedRecipe(bytes, 'video/mp4', first), rear]);
  const carrying = embedRecipe(middle, 'video/mp4', second);
  expect(readRecipe(carrying)).toEqual(asRead(second));
  expect(carrying.subarray(middle.length - 12, middle.length)).toEqual(rear);
});

test('what is no recipe, a damaged one and one of a newer release are told apart', () => {
  const { bytes } = fileOf('png');
  const told = (document: unknown) => embedRecipe(bytes, 'image/png', document as RecipeDocument);
  expect(readRecipe(new TextEncoder().encode('hello there, this is no picture'))).toBeNull();
  expect(readRecipe(new Uint8Array())).toBeNull();
  expect(() => readRecipe(told({ atelier: 1 }))).toThrow(expect.objectContaining({ code: 'damaged-media' }));
  expect(() => readRecipe(told({ atelier: 2 }))).toThrow(expect.objectContaining({ code: 'unsupported-media' }));
  const carrying = told(randomRecipe(random));
  carrying[Buffer.from(carrying).indexOf('"chain"')] = 0x20;
  expect(() => readRecipe(carrying)).toThrow(expect.objectContaining({ code: 'damaged-media' }));
});

test('a recipe over the limit is refused, in a JPEG one that does not fit a segment', () => {
  const long = (length: number) => ({ ...randomRecipe(random), inputs: { prompt: { text: 'x'.repeat(length) } } });
  expect(() => embedRecipe(fileOf('png').bytes, 'image/png', long(limits.recipeBytes))).toThrow(expect.objectContaining({ code: 'too-large' }));
  expect(() => embedRecipe(fileOf('jpeg').bytes, 'image/jpeg', long(70_000))).toThrow(expect.objectContaining({ code: 'too-large' }));
  for (const name of ['png', 'lossy webp', 'gif', 'mp4']) {
    const { mediaType, bytes } = fileOf(name);
    const document = long(200_000);
    expect(readRecipe(embedRecipe(bytes, mediaType, document)), name).toEqual(asRead(document));
  }
});

test('kinds that cannot hold a recipe, and bytes of another kind than was said, are refused', () => {
  expect(['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'video/mp4'].every(canCarryRecipe)).toBe(true);
  expect(['text/plain', 'image/avif', 'audio/wav'].some(canCarryRecipe)).toBe(false);
  expect(() => embedRecipe(fileOf('png').bytes, 'image/avif', randomRecipe(random))).toThrow(expect.objectContaining({ code: 'unsupported-media' }));
  expect(() => embedRecipe(fileOf('png').bytes, 'image/gif', randomRecipe(random))).toThrow(expect.objectContaining({ code: 'damaged-media' }));
});
