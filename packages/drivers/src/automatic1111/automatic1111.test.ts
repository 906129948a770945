import { readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { encodePng } from '@atelier/media';
import { ModelManifest } from '@atelier/protocol';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type DriverCase, listen, prepareStep, testDriver } from '../conformance.ts';
import type { ModelSource } from '../driver.ts';
import { automatic1111 } from './driver.ts';

const png = Buffer.from(await encodePng({ data: new Uint8Array(16 * 24 * 3).fill(120), width: 16, height: 24 }));
const mask = Buffer.from(await encodePng({ data: new Uint8Array(16 * 16 * 3).fill(255), width: 16, height: 16 }));

/** Speaks the shapes of the API document. */
class WebUiForTests {
  status = 200;
  /** Whether it tells about single tasks, as it does unless started with --nowebui. */
  tells = true;
  readonly asked: { path: string; authorization: string | undefined; body: Record<string, unknown> }[] = [];
  /** Holds pictures back until it was asked for their progress so often. */
  progressFirst = 0;
  #asks = 0;
  #held: (() => void)[] = [];
  readonly server = createServer((request, response) => void this.#serve(request, response));

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = JSON.parse((await buffer(request)).toString('utf8'));
    this.asked.push({ path: request.url ?? '', authorization: request.headers.authorization, body });
    const json = (status: number, value: unknown) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (request.url === '/internal/progress') {
      this.#asks += 1;
      if (!this.tells) return void json(404, { detail: 'Not Found' });
      const preview = this.#asks === 1 ? `data:image/png;base64,${png.toString('base64')}` : null;
      json(200, {
        active: true,
        queued: false,
        completed: false,
        progress: this.#asks / 4,
        eta: 2,
        live_preview: preview,
        id_live_preview: this.#asks,
        textinfo: null,
      });
      if (this.#asks >= this.progressFirst) for (const release of this.#held.splice(0)) release();
      return;
    }
    const finish = () =>
      this.status === 200 ? json(200, { images: [png.toString('base64')], parameters: {}, info: '{}' }) : json(this.status, { detail: 'No.' });
    if (this.#asks >= this.progressFirst) finish();
    else this.#held.push(finish);
  }

  reset(): void {
    Object.assign(this, { status: 200, tells: true, progressFirst: 0 });
    this.#asks = 0;
    this.asked.length = 0;
  }
}

const server = new WebUiForTests();
let base = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => server.server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
});
afterEach(() => server.reset());
afterAll(() => {
  server.server.closeAllConnections();
  server.server.close();
});

function source(options: Record<string, unknown> = {}): ModelSource {
  const manifest = {
    id: 'webui',
    title: '',
    shortName: 'webui',
    summary: '',
    driver: 'automatic1111',
    tasks: ['text-to-image', 'image-to-image', 'inpainting'],
    licence: 'none',
    files: [],
    memoryBytes: 0,
    prior: { loadSeconds: 0, runSeconds: 0 },
  };
  return { manifest: ModelManifest.parse({ ...manifest, options: { baseUrl: base, ...options } }), folder: '/nowhere' };
}

const prompt = { bytes: 'an apple', mediaType: 'text/plain' };
const image = { bytes: png, mediaType: 'image/png' };
const drawing: DriverCase = { driver: automatic1111, source, task: 'text-to-image', inputs: { prompt } };
testDriver('automatic1111', drawing);
testDriver('automatic1111 with a picture', { ...drawing, task: 'image-to-image', inputs: { prompt, image } });

async function run(driverCase: Partial<DriverCase> = {}, options: Record<string, unknown> = {}, shard = 0) {
  const told = listen();
  const model = await automatic1111.load(source(options), { threads: 1 });
  const step = await prepareStep({ ...drawing, ...driverCase }, told);
  try {
    const result = await model.run({ ...step, shard });
    return { bytes: await readFile(result.image?.[0]?.path ?? ''), told };
  } finally {
    await rm(step.folder, { recursive: true });
  }
}
const sent = () => server.asked.find(({ path }) => path.startsWith('/sdapi/v1/'));

test('parameters arrive under the names of the API, with the seed of the shard', async () => {
  const parameters = {
    seed: 40,
    steps: 12,
    guidanceScale: 3.5,
    negativePrompt: 'grey',
    scheduler: 'dpmpp-2m',
    sigmas: 'karras',
    width: 512,
    height: 640,
    count: 4,
  };
  await run({ parameters }, { checkpoint: 'v1-5', extra: { tiling: true } }, 2);
  expect(sent()).toMatchObject({
    path: '/sdapi/v1/txt2img',
    body: {
      prompt: 'an apple',
      negative_prompt: 'grey',
      seed: 42,
      steps: 12,
      cfg_scale: 3.5,
      sampler_name: 'DPM++ 2M',
      scheduler: 'Karras',
      width: 512,
      height: 640,
      batch_size: 1,
      tiling: true,
      override_settings: { sd_model_checkpoint: 'v1-5' },
    },
  });
});

test('a variation keeps its seed and turns the noise towards another', async () => {
  await run({ parameters: { seed: 7, variationStrength: 0.2, variationSeed: 100, count: 3 } }, {}, 1);
  expect(sent()?.body).toMatchObject({ seed: 7, subseed: 101, subseed_strength: 0.2 });
});

test('a picture goes with its size on the grid, and its mask beside it', async () => {
  const own = Buffer.from(await encodePng({ data: new Uint8Array(16 * 24 * 3).fill(255), width: 16, height: 24 }));
  await run({ task: 'inpainting', inputs: { prompt, image, mask: { bytes: own, mediaType: 'image/png' } }, parameters: { strength: 0.8, maskBlur: 6 } });
  expect(sent()).toMatchObject({
    path: '/sdapi/v1/img2img',
    body: { init_images: [png.toString('base64')], mask: own.toString('base64'), mask_blur: 6, denoising_strength: 0.8, width: 64, height: 64 },
  });
});

test('a mask of another size is refused with both sizes, before anything is sent', async () => {
  const inputs = { prompt, image, mask: { bytes: mask, mediaType: 'image/png' } };
  await expect(run({ task: 'inpainting', inputs })).rejects.toMatchObject({ code: 'invalid-input', message: expect.stringMatching(/16 x 16 .* 16 x 24/) });
  expect(server.asked).toEqual([]);
});

test('progress and previews of its own task are passed on', async () => {
  server.progressFirst = 2;
  const { told, bytes } = await run();
  expect(told.fractions).toEqual(expect.arrayContaining([0, 0.25]));
  expect(told.previews.map(({ mediaType }) => mediaType)).toEqual(['image/png']);
  expect(bytes.equals(png)).toBe(true);
  const ids = new Set(server.asked.map(({ body }) => body.id_task ?? body.force_task_id));
  expect(ids.size).toBe(1);
});

test('a server that does not tell about tasks still draws', async () => {
  server.tells = false;
  expect((await run()).bytes.equals(png)).toBe(true);
});

test('the password comes from the environment, and nothing is sent where it is missing', async () => {
  process.env.ATELIER_TEST_WEBUI = 'me:secret';
  await run({}, { credentialsEnv: 'ATELIER_TEST_WEBUI' });
  expect(sent()?.authorization).toBe(`Basic ${Buffer.from('me:secret').toString('base64')}`);
  delete process.env.ATELIER_TEST_WEBUI;
  server.reset();
  await expect(run({}, { credentialsEnv: 'ATELIER_TEST_WEBUI' })).rejects.toMatchObject({
    code: 'invalid-input',
    message: expect.stringContaining('ATELIER_TEST_WEBUI'),
  });
  expect(server.asked).toEqual([]);
});

test.each([
  [401, '--api-auth'],
  [404, '--api'],
  [422, 'options.extra'],
  [500, 'log'],
])('an answer of %d is explained', async (status, hint) => {
  server.status = status;
  await expect(run()).rejects.toMatchObject({ code: 'step-failed', message: expect.stringContaining('No.'), hint: expect.stringContaining(hint) });
});

test('a server that is not there is named, with what to look at', async () => {
  await expect(run({}, { baseUrl: 'http://127.0.0.1:9' })).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('127.0.0.1:9') });
});
