import { createHash, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { encodePng, encodeWav } from '@atelier/media';
import type { OutputId, OutputView, RunView } from '@atelier/protocol';
import { seeded } from '@atelier/seeded';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until, within } from './support/deadline.ts';
import { digestFleet, digestModel, digestOf, giveModels } from './support/digest-fleet.ts';
import { mountSmallDisk, type SmallDisk } from './support/small-disk.ts';
import { Studio, temporaryFolder } from './support/studio.ts';

const random = seeded('bytes');
const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
const weights = Buffer.from('not what the manifest says');
const hub = createServer((_request, response) => response.end(weights));
const studio = new Studio({ fleet: digestFleet(['North', 'South'], 1, ['digest', 'long']) });
const storeOf = (edge?: string) => (edge === undefined ? path.join(studio.data, 'artifacts') : path.join(studio.data, 'edges', edge, 'artifacts'));
const coordinatorDisk = mountSmallDisk(storeOf(), 48);
const edgeDisk = mountSmallDisk(storeOf('North'), 48);
const withoutDisks = [coordinatorDisk, edgeDisk].find((disk) => typeof disk === 'string');

beforeAll(async () => {
  hub.listen(0, '127.0.0.1');
  await once(hub, 'listening');
  // The studio's processes inherit it: `hf:` sources then come from here.
  process.env.HF_ENDPOINT = `http://127.0.0.1:${(hub.address() as { port: number }).port}`;
  for (const name of ['North', 'South']) giveModels(studio, name, [digestModel(50, 'digest', name), longModel(name)]);
  writeWrongManifest();
  await studio.start();
  await studio.offered('digest', 2);
});

afterAll(async () => {
  await studio.stop();
  for (const disk of [coordinatorDisk, edgeDisk]) if (typeof disk !== 'string') disk[Symbol.dispose]();
  await studio[Symbol.asyncDispose]();
  hub.close();
});

function writeWrongManifest(): void {
  const folder = path.join(studio.data, 'manifests', 'wrong');
  mkdirSync(folder, { recursive: true });
  const files = [{ path: 'weights.bin', source: 'hf:somebody/wrong@main/weights.bin', sha256: sha256('the right ones'), sizeBytes: weights.length }];
  const { options: _options, ...rest } = digestModel(0, 'wrong');
  writeFileSync(path.join(folder, 'manifest.yaml'), JSON.stringify({ ...rest, driver: 'llama', files }));
}

/** Writes more than a text that is kept in the database: its results are files, as images are. */
function longModel(mark: string) {
  const { options, ...rest } = digestModel(50, 'long', mark);
  return { ...rest, options: { command: [...options.command, String(times)] } };
}
const times = 200;
const longOf = (text: string, mark: string) => digestOf(text, mark).repeat(times);

const inOrder = (edges: readonly string[], model = 'digest') => ({
  inputs: { text: { modality: 'text' as const } },
  steps: edges.map((edge, index) => ({
    id: `step${index}`,
    task: 'text-generation',
    model,
    edge,
    inputs: { prompt: index === 0 ? 'inputs.text' : `step${index - 1}.text` },
  })),
});

async function ran(text: string, edges: readonly string[], model?: string): Promise<RunView> {
  const run = await studio.client.api.runs.create({ chain: inOrder(edges, model), inputs: { text: { text } } });
  return studio.ended(run.id);
}

const outputOf = (run: RunView, step = 0) => run.steps[step]?.outputs[0] as OutputView;
const textOf = async (id: OutputId) => (await studio.client.download(id)).text();
const fileOf = (hash: string, edge?: string) => path.join(storeOf(edge), hash.slice(0, 2), hash.slice(2, 4), hash);
const lies = (hash: string, edge?: string) => existsSync(fileOf(hash, edge));

/** Flips one bit of a stored file, at a random place, when its time of change can show it: some file systems count in steps of 4 ms. */
async function flipBit(hash: string, edge?: string): Promise<void> {
  await until(() => lies(hash, edge) && Date.now() - statSync(fileOf(hash, edge)).mtimeMs > 50);
  const bytes = readFileSync(fileOf(hash, edge));
  const at = random.below(bytes.length);
  bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
  writeFileSync(fileOf(hash, edge), bytes);
}

describe('a bit that flips on a disk', () => {
  test("in the coordinator's copy: the bytes are fetched from the edge again, and the damaged ones are never served", async () => {
    const input = `coordinator ${random.next()}`;
    const output = outputOf(await ran(input, ['North'], 'long'));
    await within(
      'the copy in the coordinator',
      until(() => lies(output.hash)),
    );
    await flipBit(output.hash);
    expect(await textOf(output.id)).toBe(longOf(input, 'North'));
    expect(sha256(readFileSync(fileOf(output.hash)))).toBe(output.hash);
  });

  test('in the copies of the edges: the next step reads good bytes from elsewhere', async () => {
    const input = `edges ${random.next()}`;
    const run = await ran(input, ['North', 'South'], 'long');
    const between = outputOf(run);
    await within(
      'the copy in the coordinator',
      until(() => lies(between.hash)),
    );
    for (const edge of ['North', 'South']) await flipBit(between.hash, edge);
    const again = await studio.client.api.runs.again({ id: run.id, seed: 'same', fromStep: 'step1' });
    const ended = await studio.ended(again.id);
    expect(ended.state, JSON.stringify(ended.error)).toBe('succeeded');
    expect(await textOf(outputOf(ended, 1).id)).toBe(longOf(longOf(input, 'North'), 'South'));
    expect(sha256(readFileSync(fileOf(between.hash, 'South')))).toBe(between.hash);
  });

  test('in every copy: the step fails and says so, nothing is made of damaged bytes', async () => {
    const run = await ran(`all ${random.next()}`, ['North', 'South'], 'long');
    const between = outputOf(run);
    await within(
      'the copy in the coordinator',
      until(() => lies(between.hash)),
    );
    for (const edge of ['North', 'South', undefined]) await flipBit(between.hash, edge);
    const again = await studio.client.api.runs.again({ id: run.id, seed: 'same', fromStep: 'step1' });
    const ended = await studio.ended(again.id);
    expect(ended.state).toBe('failed');
    expect(ended.error?.message).toContain(between.hash.slice(0, 12));
    expect(outputOf(ended, 1)).toBeUndefined();
    await expect(studio.client.download(between.id)).rejects.toMatchObject({ code: expect.stringMatching(/unavailable|not-found/) });
  });

  test('in every copy of a short text: the database has it, so that nothing fails', async () => {
    const input = `short ${random.next()}`;
    const run = await ran(input, ['North', 'South']);
    const between = outputOf(run);
    expect(await textOf(between.id)).toBe(digestOf(input, 'North'));
    for (const edge of ['North', 'South', undefined]) await flipBit(between.hash, edge);
    const again = await studio.client.api.runs.again({ id: run.id, seed: 'same', fromStep: 'step1' });
    expect((await studio.ended(again.id)).state).toBe('succeeded');
    expect(await textOf(between.id)).toBe(digestOf(input, 'North'));
  });
});

/** Noise as a recording, so that nothing about it can be guessed. */
function recording(seconds: number): Uint8Array {
  return encodeWav({ samples: Float32Array.from({ length: seconds * 16_000 }, () => random.next() - 0.5), sampleRate: 16_000 });
}

/** A PNG of nothing but zeros that says it has so many pixels, and has. */
function emptyPng(width: number, height: number): Uint8Array {
  const chunk = (type: string, data: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([1, 0, 0, 0, 0], 8);
  const rows = deflateSync(Buffer.alloc(height * (1 + Math.ceil(width / 8))));
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))]);
}

/** Lacks a quarter to a half: of a recording the last moment may be missing (docs/formats.md). */
const cutShort = (bytes: Uint8Array) => bytes.subarray(0, Math.floor(bytes.length * 0.75) - random.below(Math.floor(bytes.length / 4)));
const noise = () => Uint8Array.from({ length: 64 * 64 * 3 }, () => random.below(256));

test.each([
  ['a recording that is cut off', 'audio/wav', async () => cutShort(recording(2)), 'damaged-media'],
  ['a picture that is cut off', 'image/png', async () => cutShort(await encodePng({ width: 64, height: 64, data: noise() })), 'damaged-media'],
  ['a picture of more pixels than are taken', 'image/png', async () => emptyPng(8200, 8200), 'too-large'],
  ['a recording of more than half an hour', 'audio/wav', async () => encodeWav({ samples: new Float32Array(1000 * 1801), sampleRate: 1000 }), 'too-large'],
])(
  '%s is refused with its reason, and nothing of it is kept',
  async (_, mediaType, make, code) => {
    const bytes = new Uint8Array(await make());
    await expect(studio.client.upload(bytes, { name: 'file', mediaType })).rejects.toMatchObject({ code, hint: expect.any(String) });
    expect(lies(sha256(bytes))).toBe(false);
  },
  60_000,
);

test('a model whose file has another hash is not offered, and both hashes are said', async () => {
  const [north] = await studio.offered('digest', 2);
  await studio.client.api.edges.pullModel({ id: north?.id as never, modelId: 'wrong' as never });
  const found = async () => (await studio.client.api.edges.list()).find((edge) => edge.id === north?.id)?.models.find((model) => model.manifest.id === 'wrong');
  await within(
    'the end of the pull',
    until(async () => ((await found())?.state ?? 'pulling') !== 'pulling'),
  );
  const model = await found();
  expect(model).toMatchObject({ state: 'failed', error: { code: 'hash-mismatch' } });
  expect(model?.error?.message).toContain(sha256('the right ones'));
  expect(model?.error?.message).toContain(sha256(weights));
  const pinned = { ...inOrder(['North']), steps: [{ id: 'one', task: 'text-generation', model: 'wrong', inputs: { prompt: 'inputs.text' } }] };
  await expect(studio.client.api.runs.create({ chain: pinned, inputs: { text: { text: 'x' } } })).rejects.toMatchObject({ code: 'no-offer' });
});

describe.skipIf(withoutDisks !== undefined)(`a full disk${typeof withoutDisks === 'string' ? ` (skipped: ${withoutDisks})` : ''}`, () => {
  test('refuses an upload, acknowledges nothing, and takes it once there is room', async () => {
    const bytes = recording(2);
    const upload = () => studio.client.upload(new Uint8Array(bytes), { name: 'noise.wav', mediaType: 'audio/wav' });
    (coordinatorDisk as SmallDisk).fill();
    await expect(upload()).rejects.toMatchObject({ code: 'disk-full', hint: expect.any(String) });
    expect(lies(sha256(bytes))).toBe(false);
    (coordinatorDisk as SmallDisk).free();
    expect((await upload()).hash).toBe(sha256(bytes));
  });

  test('on an edge fails a step with its reason, and the run can be continued once there is room', async () => {
    (edgeDisk as SmallDisk).fill();
    const input = `full ${random.next()}`;
    const run = await ran(input, ['North']);
    expect(run.state).toBe('failed');
    expect(run.error).toMatchObject({ code: 'disk-full' });
    expect(outputOf(run)).toBeUndefined();
    (edgeDisk as SmallDisk).free();
    await studio.client.api.runs.continue({ id: run.id });
    const ended = await studio.ended(run.id);
    expect(ended.state, JSON.stringify(ended.error)).toBe('succeeded');
    expect(await textOf(outputOf(ended).id)).toBe(digestOf(input, 'North'));
  });

  test('of the coordinator does not stop a step that has begun; its result is served once there is room', async () => {
    const input = `copy ${random.next()}`;
    const run = await studio.client.api.runs.create({ chain: inOrder(['North']), inputs: { text: { text: input } } });
    (coordinatorDisk as SmallDisk).fill();
    const ended = await studio.ended(run.id);
    expect(ended.state, JSON.stringify(ended.error)).toBe('succeeded');
    expect(lies(outputOf(ended).hash)).toBe(false);
    (coordinatorDisk as SmallDisk).free();
    expect(await textOf(outputOf(ended).id)).toBe(digestOf(input, 'North'));
  });

  test('of the coordinator refuses a run whose text it cannot store', async () => {
    (coordinatorDisk as SmallDisk).fill();
    const refused = studio.client.api.runs.create({ chain: inOrder(['North']), inputs: { text: { text: `none ${random.next()}` } } });
    await expect(refused).rejects.toMatchObject({ code: 'disk-full' });
    (coordinatorDisk as SmallDisk).free();
  });
});

test('a join token that was used is refused, to an edge that brings it and over HTTP', async () => {
  const { token } = await studio.client.api.edges.joinToken({});
  const { x } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  const body = JSON.stringify({ token, name: 'First', publicKey: { kty: 'OKP', crv: 'Ed25519', x } });
  const join = () => fetch(`${studio.url}/api/edge/join`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  expect((await join()).status).toBe(201);
  const second = await join();
  expect([second.status, await second.text()]).toEqual([409, expect.stringContaining('token-used')]);
  const folder = temporaryFolder('edge');
  const words = ['edge', '--folder', folder, '--join', studio.url, '--token', token, '--name', 'Second', '--models', 'starter-motion', '--offline'];
  const answered = await studio.cli(words, { bare: true });
  rmSync(folder, { recursive: true });
  expect(answered.code, answered.error).toBe(1);
  expect(answered.error).toMatch(/used/i);
  expect((await studio.client.api.edges.list()).map((edge) => edge.name).sort()).toEqual(['First', 'North', 'South']);
});

test('a port that is in use ends the start with exit code 1 and a hint', async () => {
  const data = temporaryFolder('second');
  const { port } = new URL(studio.url);
  const answered = await studio.cli(['start', '--port', port, '--data', data, '--no-local-edge'], { bare: true });
  rmSync(data, { recursive: true });
  expect(answered.code, answered.error).toBe(1);
  expect(answered.error).toContain(port);
  expect(answered.error).toContain('--port');
});

test('a task that no edge offers is refused with the model to pull', async () => {
  const answered = await studio.cli(['run', 'image-to-video', '--input', path.resolve(import.meta.dirname, '../examples/audio/jfk.wav')]);
  expect([answered.code, answered.error]).toEqual([2, expect.stringContaining('image')]);
  const refused = studio.client.api.runs.create({ chain: 'text-to-image', inputs: { input: { text: 'a red apple' } } });
  await expect(refused).rejects.toMatchObject({ code: 'no-offer', hint: expect.stringContaining('atelier models pull starter-diffusion') });
});
