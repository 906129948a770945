import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeLatents, drawText, floatTensor, previewOf, RgbFit, type RgbPicture, redrawPicture, sizeForPicture } from '@atelier/diffusion';
import { encodePng, encodeTransparentPng, readPicture, resizePicture } from '@atelier/media';
import { AtelierError, type ModelManifest } from '@atelier/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listen, prepareStep, testDriver } from '../conformance.ts';
import type { LoadedModel } from '../driver.ts';
import { openOnnxSession } from '../onnx/index.ts';
import { pulledModel } from '../pulled-model.ts';
import { onnxDiffusion } from './driver.ts';
import { type OpenedModel, openDiffusionFolder } from './model-folder.ts';

const starter = await pulledModel('starter-diffusion');
const fixtures = join(import.meta.dirname, '../../fixtures/pipelines');
const castle = await readFile(new URL('../../../../models/starter-diffusion/reference/castle.png', import.meta.url));
const png = 'image/png';
const prompt = { bytes: 'a red apple', mediaType: 'text/plain' };

/** A mask whose white part is a rectangle, given in shares of the sides. */
async function maskOf(width: number, height: number, [left, top, right, bottom] = [0.25, 0.25, 0.75, 0.75]): Promise<Uint8Array> {
  const data = new Uint8Array(width * height * 3);
  for (let y = Math.round(height * top); y < height * bottom; y++) data.fill(255, (y * width + width * left) * 3, (y * width + width * right) * 3);
  return encodePng({ width, height, data });
}

let loaded: LoadedModel;
const folders: string[] = [];
afterAll(async () => {
  await loaded?.close();
  for (const folder of folders) await rm(folder, { recursive: true });
});

interface Inputs {
  readonly [port: string]: { readonly bytes: Uint8Array | string; readonly mediaType: string };
}

async function run(
  task: string,
  parameters: Record<string, unknown>,
  inputs: Inputs,
  { shard = 0, model = loaded } = {},
): Promise<RgbPicture & { told: string[] }> {
  const told: string[] = [];
  const report = listen();
  report.progress = (_share: number, message?: string) => void (message !== undefined && told.push(message));
  const request = await prepareStep({ task, parameters: { seed: 3, steps: 4, ...parameters }, inputs }, report);
  folders.push(request.folder);
  const { image } = await model.run({ ...request, shard });
  return { ...(await readPicture(await readFile(image?.[0]?.path as string))), told };
}

function meanDifference(a: RgbPicture, b: RgbPicture): number {
  return a.data.reduce((sum, value, i) => sum + Math.abs(value - (b.data[i] as number)), 0) / a.data.length;
}

if (starter !== undefined) {
  testDriver('onnx-diffusion', {
    driver: onnxDiffusion,
    source: () => starter,
    task: 'inpainting',
    parameters: { steps: 4, seed: 1 },
    inputs: { prompt, image: { bytes: castle, mediaType: png }, mask: { bytes: await maskOf(128, 128), mediaType: png } },
  });
}

describe.skipIf(starter === undefined)('the starter model', () => {
  beforeAll(async () => {
    loaded = await onnxDiffusion.load(starter as NonNullable<typeof starter>, { threads: 1 });
  });

  test('picture number n of a batch is the one that its seed gives alone', async () => {
    const third = await run('text-to-image', { count: 4, seed: 5 }, { prompt }, { shard: 2 });
    const alone = await run('text-to-image', { seed: 7 }, { prompt });
    expect(third.data).toEqual(alone.data);
  });

  test('a variation of 0 is the picture, a small one is near it, and one of 1 is the other seed', async () => {
    const [own, other] = [await run('text-to-image', { seed: 5 }, { prompt }), await run('text-to-image', { seed: 6 }, { prompt })];
    const varied = (variationStrength: number) => run('text-to-image', { seed: 5, variationSeed: 6, variationStrength }, { prompt });
    expect((await varied(0)).data).toEqual(own.data);
    expect((await varied(1)).data).toEqual(other.data);
    const near = meanDifference(own, await varied(0.15));
    expect(near).toBeGreaterThan(0);
    expect(near).toBeLessThan(0.6 * meanDifference(own, other));
  });

  test('image-to-image stays the closer the lower its strength, and takes a picture of any shape', async () => {
    const wide = await encodePng(await resizePicture(await readPicture(castle), { width: 300, height: 200 }));
    const drawn = (strength: number) => run('image-to-image', { strength, steps: 5 }, { prompt, image: { bytes: castle, mediaType: png } });
    const source = await readPicture(castle);
    const [low, high] = [meanDifference(source, await drawn(0.2)), meanDifference(source, await drawn(0.9))];
    expect(low).toBeLessThan(0.6 * high);
    expect(await run('image-to-image', {}, { prompt, image: { bytes: wide, mediaType: png } })).toMatchObject({ width: 128, height: 128 });
  });

  test('inpainting changes what is masked, and of what is kept not one bit', async () => {
    const source = await resizePicture(await readPicture(castle), { width: 200, height: 150 });
    const inputs = { prompt, image: { bytes: await encodePng(source), mediaType: png }, mask: { bytes: await maskOf(200, 150), mediaType: png } };
    const painted = await run('inpainting', { maskBlur: 3 }, inputs);
    expect(painted).toMatchObject({ width: 200, height: 150 });
    let changed = 0;
    for (let pixel = 0; pixel < 200 * 150; pixel++) {
      const [x, y] = [pixel % 200, Math.floor(pixel / 200)];
      const isKept = x < 50 - 3 || x >= 150 + 3 || y < 38 - 3 || y >= 113 + 3;
      const isSame = [0, 1, 2].every((colour) => painted.data[pixel * 3 + colour] === source.data[pixel * 3 + colour]);
      if (isKept) expect(isSame, `pixel ${x}, ${y}`).toBe(true);
      if (!isSame) changed++;
    }
    expect(changed).toBeGreaterThan(0.5 * 100 * 75);
  });

  test.each([
    ['black paint on a clear ground', true],
    ['a clear hole in the picture', false],
  ])('%s changes what it covers, and nothing else', async (_name, isPaint) => {
    const source = await resizePicture(await readPicture(castle), { width: 200, height: 150 });
    const isInside = (pixel: number) => pixel % 200 >= 40 && pixel % 200 < 110 && pixel >= 50 * 200 && pixel < 100 * 200;
    const alpha = Uint8Array.from({ length: 200 * 150 }, (_, pixel) => (isInside(pixel) === isPaint ? 255 : 0));
    const mask = await encodeTransparentPng(isPaint ? { ...source, data: new Uint8Array(source.data.length) } : source, alpha);
    const painted = await run(
      'inpainting',
      { maskBlur: 0 },
      { prompt, image: { bytes: await encodePng(source), mediaType: png }, mask: { bytes: mask, mediaType: png } },
    );
    const changed = Array.from(alpha.keys()).filter((pixel) =>
      [0, 1, 2].some((colour) => painted.data[pixel * 3 + colour] !== source.data[pixel * 3 + colour]),
    );
    expect(changed.filter((pixel) => !isInside(pixel))).toEqual([]);
    expect(changed.length).toBeGreaterThan(0.5 * 70 * 50);
  });

  test('a softer edge alone draws nothing again', async () => {
    const inputs = { prompt, image: { bytes: castle, mediaType: png }, mask: { bytes: await maskOf(128, 128), mediaType: png } };
    const first = await run('inpainting', { maskBlur: 0, seed: 77 }, inputs);
    const second = await run('inpainting', { maskBlur: 8, seed: 77 }, inputs);
    expect(first.told).toContain('step 4 of 4');
    expect(second.told).toEqual([]);
    expect(second.data).not.toEqual(first.data);
  });

  test('a mask of another size is refused with both sizes, a black one with what to do', async () => {
    const inputs = { prompt, image: { bytes: castle, mediaType: png } };
    const mask = (bytes: Uint8Array) => ({ ...inputs, mask: { bytes, mediaType: png } });
    await expect(run('inpainting', {}, mask(await maskOf(64, 100)))).rejects.toMatchObject({
      code: 'invalid-input',
      message: 'The mask has 64 x 100 pixels, but the image 128 x 128.',
    });
    await expect(run('inpainting', {}, mask(await maskOf(128, 128, [0, 0, 0, 0])))).rejects.toMatchObject({ hint: expect.stringContaining('white') });
  });

  test('weights change the picture, negative ones are refused, and a prompt that is too long is told', async () => {
    const drawn = (text: string) => run('text-to-image', {}, { prompt: { bytes: text, mediaType: 'text/plain' } });
    const plain = await drawn('a red apple');
    expect((await drawn('a (red:1.4) apple')).data).not.toEqual(plain.data);
    expect((await drawn('a (red:1) apple')).data).toEqual(plain.data);
    expect(plain.told.some((message) => message.includes('longer'))).toBe(false);
    await expect(drawn('a (red:-1) apple')).rejects.toMatchObject({ code: 'invalid-input', message: expect.stringContaining('"-1"') });
    expect((await drawn(`${'a red apple and '.repeat(12)}a pear`)).told[0]).toMatch(/longer than this model reads/);
  });

  test('a map for previews fitted to two decoded pictures shows a third not twice as wrongly as the one that was fitted to thousands', async () => {
    const { model, close } = await openDiffusionFolder((starter as NonNullable<typeof starter>).folder, { threads: 1 });
    const decoded = async (name: string) => {
      const bytes = await readFile(new URL(`../../../../models/starter-diffusion/reference/${name}.latent.f32`, import.meta.url));
      const latent = floatTensor([1, 8, 16, 16], new Float32Array(new Uint8Array(bytes).buffer));
      return { latent, picture: await decodeLatents(model, latent) };
    };
    const fit = new RgbFit();
    for (const { latent, picture } of [await decoded('castle'), await decoded('rocket')]) fit.add(latent, picture);
    const { latent, picture } = await decoded('apple');
    const without = { ...model, config: { ...model.config, latentToRgb: undefined }, memory: { ...model.memory, previewFit: fit } };
    const size = { width: 16, height: 16 };
    const truth = await resizePicture({ width: 128, height: 128, data: rgbOf(picture.data) }, size);
    const [trained, fitted] = [meanDifference(truth, await previewOf(model, latent)), meanDifference(truth, await previewOf(without, latent))];
    await close();
    expect(fitted).toBeLessThan(1.8 * trained);
  });
});

function rgbOf(planes: Float32Array): Uint8Array {
  const pixels = planes.length / 3;
  return Uint8Array.from({ length: planes.length }, (_, i) =>
    Math.max(0, Math.min(255, Math.round(((planes[(i % 3) * pixels + Math.floor(i / 3)] as number) + 1) * 127.5))),
  );
}

describe('a model folder', () => {
  const manifest = {} as ModelManifest;
  const opened: OpenedModel[] = [];
  afterAll(async () => {
    for (const { close } of opened) await close();
  });

  async function copyOf(name: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'atelier-folder-'));
    folders.push(folder);
    await cp(join(fixtures, name), folder, { recursive: true });
    return folder;
  }

  test('has each of its networks opened once for all tasks, and the encoder of pictures only when a picture comes', async () => {
    const files: string[] = [];
    const open: typeof openOnnxSession = (file, options) => {
      files.push(file.slice(join(fixtures, 'sd1').length + 1));
      return openOnnxSession(file, options);
    };
    const own = await openDiffusionFolder(join(fixtures, 'sd1'), { threads: 1, open });
    opened.push(own);
    const request = { prompt: 'a', negativePrompt: '', steps: 2, guidanceScale: 4, scheduler: 'auto', seed: 1 } as const;
    const { picture } = await drawText(own.model, request);
    const always = ['text_encoder/model.onnx', 'unet/model.onnx', 'vae_decoder/model.onnx'];
    expect(files).toEqual(always);
    for (const strength of [0.5, 1]) await redrawPicture(own.model, { ...request, picture, strength });
    await drawText(own.model, { ...request, seed: 2 });
    expect(files).toEqual([...always, 'vae_encoder/model.onnx']);
  });

  test.each(['unet/model.onnx', 'text_encoder/model.onnx', 'vae_decoder/model.onnx', 'tokenizer/vocab.json', 'scheduler/scheduler_config.json'])(
    'without %s is refused by the name of the file',
    async (file) => {
      const folder = await copyOf('sd1');
      await rm(join(folder, file));
      await expect(onnxDiffusion.load({ manifest, folder }, { threads: 1 })).rejects.toMatchObject({
        code: 'invalid-input',
        message: expect.stringContaining(file),
      });
    },
  );

  test('without an encoder of pictures still draws texts, and says what is missing when a picture comes', async () => {
    const folder = await copyOf('sd1');
    await rm(join(folder, 'vae_encoder'), { recursive: true });
    const model = await onnxDiffusion.load({ manifest, folder }, { threads: 1 });
    expect(await run('text-to-image', {}, { prompt }, { model })).toMatchObject({ width: 16 });
    const redrawn = run('image-to-image', {}, { prompt, image: { bytes: castle, mediaType: png } }, { model });
    await expect(redrawn).rejects.toMatchObject({ code: 'invalid-input', message: expect.stringContaining('vae_encoder') });
    await model.close();
  });

  test('whose parts do not fit each other is refused with the shapes', async () => {
    const folder = await copyOf('sd1');
    await cp(join(fixtures, 'sdxl', 'text_encoder_2', 'model.onnx'), join(folder, 'text_encoder', 'model.onnx'));
    await cp(join(fixtures, 'sdxl', 'unet', 'model.onnx'), join(folder, 'unet', 'model.onnx'));
    const model = await onnxDiffusion.load({ manifest, folder }, { threads: 1 });
    const error = await run('text-to-image', {}, { prompt }, { model }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AtelierError);
    expect(error).toMatchObject({ code: 'invalid-input', hint: expect.any(String) });
    await model.close();
  });

  test('whose options have a word that is not known is refused by that word', async () => {
    const wrong = { id: 'wrong', options: { devise: 'cpu' } } as unknown as ModelManifest;
    await expect(onnxDiffusion.load({ manifest: wrong, folder: join(fixtures, 'sd1') }, { threads: 1 })).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringContaining('devise'),
    });
  });

  test('made for inpainting draws texts and redraws pictures too', async () => {
    const model = await onnxDiffusion.load({ manifest, folder: join(fixtures, 'inpaint-9') }, { threads: 1 });
    expect(await run('text-to-image', {}, { prompt }, { model })).toMatchObject({ width: 16, height: 16 });
    expect(await run('image-to-image', {}, { prompt, image: { bytes: castle, mediaType: png } }, { model })).toMatchObject({
      width: 24,
    });
    await model.close();
  });

  test('in half precision whose decoder overflows gives its picture all the same, and says so', async () => {
    const folder = await copyOf('sd1-fp16');
    const file = join(folder, 'vae_decoder', 'config.json');
    // Latents ten thousand times as large overflow in half precision, and in no other.
    await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), scaling_factor: 2e-5 }));
    const model = await onnxDiffusion.load({ manifest, folder }, { threads: 1 });
    const { told } = await run('text-to-image', {}, { prompt }, { model });
    expect(told.at(-1)).toMatch(/half precision overflowed in the vae_decoder/);
    await model.close();
  });

  test('draws a picture about as large as the one that it was given, where its graph leaves the size open', async () => {
    const own = await openDiffusionFolder(join(fixtures, 'sd1'), { threads: 1 });
    opened.push(own);
    expect(await sizeForPicture(own.model, { width: 19, height: 13 })).toEqual({ width: 20, height: 12 });
    const { width, height } = await sizeForPicture(own.model, { width: 4000, height: 2000 });
    expect(width / height).toBeCloseTo(2, 0);
    expect(width * height).toBeLessThan(3 * 16 * 16);
  });
});
