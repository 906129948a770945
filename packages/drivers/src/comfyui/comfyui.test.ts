import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelManifest } from '@atelier/protocol';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type DriverCase, listen, prepareStep, testDriver } from '../conformance.ts';
import type { ModelSource } from '../driver.ts';
import { comfyui } from './driver.ts';
import { graph, manifestFor, ReplayServer, recorded } from './replay.test-support.ts';

const server = new ReplayServer();
let base = '';
beforeAll(async () => {
  base = await server.start();
});
afterEach(() => {
  server.scenario = 'drawn';
  server.holds = false;
  server.mute = false;
  server.babble = [];
});
afterAll(() => server.close());

const source = (options: Record<string, unknown> = {}): ModelSource => ({ manifest: ModelManifest.parse(manifestFor(base, options)), folder: '/nowhere' });
const prompt = { bytes: 'an apple', mediaType: 'text/plain' };
const drawing: DriverCase = { driver: comfyui, source, task: 'text-to-image', inputs: { prompt } };
const picture = { bytes: Buffer.from(recorded.drawn.view.base64, 'base64'), mediaType: 'image/png' };
testDriver('comfyui', drawing);
testDriver('comfyui with a picture', { ...drawing, task: 'image-to-image', inputs: { prompt, image: picture } });

async function run(options: Record<string, unknown> = {}, parameters: Record<string, unknown> = {}, shard = 0) {
  const told = listen();
  const model = await comfyui.load(source(options), { threads: 1 });
  const step = await prepareStep({ ...drawing, parameters }, told);
  try {
    const result = await model.run({ ...step, shard });
    return { bytes: await readFile(result.image?.[0]?.path ?? ''), told };
  } finally {
    await rm(step.folder, { recursive: true });
  }
}

const lastGraph = () => JSON.parse(server.asked.findLast(({ path }) => path === '/prompt')?.body ?? '{}').prompt;

test('values go where the manifest says, and what was left empty keeps the value of the graph', async () => {
  const { bytes } = await run({}, { seed: 40, steps: 12, guidanceScale: 3.5, negativePrompt: 'grey', count: 4 }, 2);
  expect(lastGraph()).toEqual({
    ...graph,
    '2': { ...graph['2'], inputs: { ...graph['2'].inputs, text: 'an apple' } },
    '3': { ...graph['3'], inputs: { ...graph['3'].inputs, text: 'grey' } },
    '4': { ...graph['4'], inputs: { ...graph['4'].inputs, seed: 42, steps: 12, cfg: 3.5 } },
  });
  expect(bytes.equals(picture.bytes)).toBe(true);
});

test('a picture is uploaded, and its node reads the name that the server gave it', async () => {
  const model = await comfyui.load(source(), { threads: 1 });
  const step = await prepareStep({ ...drawing, task: 'image-to-image', inputs: { prompt, image: picture } });
  await model.run(step);
  await rm(step.folder, { recursive: true });
  expect(lastGraph()['5'].inputs.image).toBe(recorded.upload.body.name);
});

test('progress comes from the nodes of the graph, and never falls', async () => {
  const { told } = await run();
  expect(told.fractions).toEqual([...told.fractions].sort((a, b) => a - b));
  expect(told.fractions.some((fraction) => fraction > 0 && fraction < 1)).toBe(true);
});

test('a socket that breaks is no error: the history tells of the end too', async () => {
  server.mute = true;
  const { bytes } = await run();
  expect(bytes.length).toBeGreaterThan(0);
});

test('messages of the server that make no sense are left out, and the step goes on', async () => {
  server.babble = ['{"type": "exec', 'null', '{"type":"progress_state","data":{"prompt_id":7,"nodes":null}}', Buffer.alloc(3), Buffer.alloc(20, 255)];
  const { bytes } = await run();
  expect(bytes.length).toBeGreaterThan(0);
});

test.each([
  ['unknown', 'invalid-input', 'NoSuchNode'],
  ['wrong', 'invalid-input', 'node 1 (EmptyImage): Value -1 smaller than min of 1 (width)'],
  ['failed', 'step-failed', 'Node 1 (EmptyImage) failed'],
  ['interrupted', 'step-failed', 'interrupted'],
] as const)('what the server says of a graph is passed on: %s', async (scenario, code, said) => {
  server.scenario = scenario;
  await expect(run()).rejects.toMatchObject({ code, message: expect.stringContaining(said), hint: expect.any(String) });
});

test('a step that is cancelled takes back its own graph by name', async () => {
  server.holds = true;
  const folder = await mkdtemp(join(tmpdir(), 'atelier-comfyui-'));
  await writeFile(join(folder, 'prompt.txt'), 'an apple');
  const before = server.asked.length;
  const withdrawn = server.withdrawn();
  const child = fork(join(import.meta.dirname, 'cancelled-step.test-support.ts'), [base, folder], { stdio: 'inherit' });
  await expect.poll(() => server.asked.slice(before).some(({ path }) => path.startsWith('/history/'))).toBe(true);
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await withdrawn).toBe(recorded.drawn.answer.body.prompt_id);
  expect((await exited)[1]).toBe('SIGTERM');
  await rm(folder, { recursive: true });
});

test.each([
  [{ inputs: { prompt: ['7', 'text'] } }, 'node 7'],
  [{ parameters: { steps: ['4', 'step'] } }, 'has only seed, steps'],
  [{ outputs: { image: '8' } }, 'node 8'],
  [{ workflow: '/no/such/file.json' }, 'cannot be read'],
])('options that do not fit the graph are named: %j', async (options, said) => {
  await expect(comfyui.load(source(options), { threads: 1 })).rejects.toMatchObject({ code: 'invalid-input', message: expect.stringContaining(said) });
});

test('a server that is not there is named, with what to look at', async () => {
  await expect(run({ baseUrl: 'http://127.0.0.1:9' })).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('127.0.0.1:9') });
});
