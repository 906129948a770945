import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { edgeProtocolVersion, type ModelManifest, type Ticket, type WorkOrder } from '@atelier/protocol';
import { type Logger, pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Edge, runEdge } from './agent.ts';
import type { EdgeOptions } from './settings.ts';
import { type SmallCoordinator, startSmallCoordinator } from './testing/small-coordinator.ts';
import { isRunning, order, sha256, toy } from './testing/toy-orders.ts';

let folder: string;
let coordinator: SmallCoordinator;
let edges: Edge[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-edge-'));
  coordinator = await startSmallCoordinator(join(folder, 'coordinator'));
  edges = [];
});

afterEach(async () => {
  for (const edge of edges) await edge.close();
  await coordinator[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function startEdge(options: Partial<EdgeOptions> & { log?: Logger } = {}, models: readonly ModelManifest[] = [toy]): Promise<Edge> {
  const edgeFolder = options.folder ?? join(folder, 'edge');
  await mkdir(edgeFolder, { recursive: true });
  await writeFile(join(edgeFolder, 'edge.yaml'), stringify({ name: 'Toy edge', models }));
  const edge = await runEdge({
    folder: edgeFolder,
    models: [],
    join: { url: coordinator.url, token: coordinator.token },
    taskModules: [join(import.meta.dirname, 'testing/toy-tasks.ts')],
    log: pino({ level: process.env.ATELIER_LOG_LEVEL ?? 'silent' }),
    ...options,
  });
  edges.push(edge);
  return edge;
}

async function input(text: string, index = 0): Promise<WorkOrder['inputs'][number]> {
  const { hash, sizeBytes } = await coordinator.store.put(once(Buffer.from(text)));
  const token = await coordinator.ticket({ hash, from: 'coordinator' });
  return {
    port: 'text',
    index,
    hash,
    sizeBytes,
    mediaType: 'text/plain',
    tickets: [{ from: 'coordinator', url: `/api/edge/artifacts/${hash}`, address: null, token }],
  };
}

async function* once(bytes: Uint8Array) {
  yield bytes;
}

test('an edge joins, says what it offers, and runs a step on inputs that it fetches', async () => {
  await startEdge();
  const hello = await coordinator.hear('hello');
  expect(hello.models.map(({ manifest, state }) => [manifest.id, state])).toEqual([['toy-model', 'ready']]);
  expect(hello.info.devices).toEqual([{ driver: 'toy', device: 'cpu', reason: 'toys need no more' }]);
  const work = order({ word: '!' }, { inputs: [await input('world', 1), await input('hello', 0)] });
  coordinator.send({ kind: 'work', order: work });
  await coordinator.hear('started', ({ attemptId }) => attemptId === work.attemptId);
  const result = await coordinator.hear('result');
  expect(result.outputs).toEqual([{ port: 'text', index: 0, hash: sha256('hello world!'), sizeBytes: 12, mediaType: 'text/plain', text: 'hello world!' }]);
  expect(result.timings.cold).toBe(true);
  expect(result.timings.transferBytes).toBe(10);
});

test('a step that was planned with other files than an edge has now is not computed there', async () => {
  await startEdge();
  const { models } = await coordinator.hear('hello');
  coordinator.send({ kind: 'work', order: order({ word: '!' }, { modelHash: 'f'.repeat(64), inputs: [await input('hello')] }) });
  expect((await coordinator.hear('failure')).error).toMatchObject({ code: 'unavailable', message: expect.stringContaining('other files of toy-model') });
  coordinator.send({ kind: 'work', order: order({ word: '!' }, { modelHash: models[0]?.modelHash, inputs: [await input('hello')] }) });
  expect((await coordinator.hear('result')).outputs).toHaveLength(1);
});

test('an edge that restarts dials with its old key and needs no token', async () => {
  const first = await startEdge();
  const { info } = await coordinator.hear('hello');
  expect(info.name).toBe('Toy edge');
  const id = coordinator.edgeId();
  await first.close();
  const since = coordinator.heard.length;
  await startEdge({ join: undefined });
  await coordinator.hear('hello', () => true, since);
  expect(coordinator.edgeId()).toBe(id);
});

test('an edge that its studio has forgotten joins again with a token', async () => {
  const first = await startEdge();
  await coordinator.hear('hello');
  const id = coordinator.edgeId();
  await first.close();
  coordinator.forgetEdges();
  const since = coordinator.heard.length;
  await startEdge();
  await coordinator.hear('hello', () => true, since);
  expect(coordinator.edgeId()).not.toBe(id);
});

test('an edge that its studio has forgotten ends with the reason where it has no token', async () => {
  const first = await startEdge();
  await coordinator.hear('hello');
  await first.close();
  coordinator.forgetEdges();
  const edge = await startEdge({ join: undefined });
  await expect(edge.closed).rejects.toMatchObject({ code: 'unauthenticated' });
});

test('a second edge cannot run in the same folder', async () => {
  await startEdge();
  await expect(startEdge()).rejects.toMatchObject({ code: 'conflict' });
});

test('an edge whose disk cannot be measured goes on speaking', async () => {
  await startEdge();
  await coordinator.hear('hello');
  await rename(join(folder, 'edge'), join(folder, 'moved'));
  for (let beats = 0; beats < 3; beats += 1) await coordinator.hear('heartbeat', undefined, coordinator.heard.length);
  await rename(join(folder, 'moved'), join(folder, 'edge'));
});

test('a join token cannot be used twice', async () => {
  await startEdge();
  await expect(startEdge({ folder: join(folder, 'other') })).rejects.toMatchObject({ code: 'token-used' });
});

test('a result is sent again after a cut until it is acknowledged, and the same work order starts nothing new', async () => {
  await startEdge();
  await coordinator.hear('hello');
  const work = order({ word: 'once' });
  coordinator.send({ kind: 'work', order: work });
  await coordinator.hear('result');
  let since = coordinator.heard.length;
  coordinator.send({ kind: 'work', order: work });
  await coordinator.hear('result', () => true, since);
  expect(coordinator.heard.filter(({ kind }) => kind === 'started')).toHaveLength(1);
  since = coordinator.heard.length;
  coordinator.cut();
  expect((await coordinator.hear('hello', () => true, since)).holding).toEqual([{ attemptId: work.attemptId, fence: 1 }]);
  await coordinator.hear('result', () => true, since);
  coordinator.send({ kind: 'ack', attemptId: work.attemptId });
  await coordinator.hear('heartbeat', ({ holding }) => holding.length === 0, coordinator.heard.length);
  expect(await readdir(join(folder, 'edge/results'))).toEqual([]);
});

test('a finished result outlives the edge that made it', async () => {
  const first = await startEdge();
  await coordinator.hear('hello');
  const work = order({ word: 'kept' });
  coordinator.send({ kind: 'work', order: work });
  await coordinator.hear('result');
  await first.close();
  const since = coordinator.heard.length;
  await startEdge();
  expect((await coordinator.hear('hello', () => true, since)).holding).toEqual([{ attemptId: work.attemptId, fence: 1 }]);
  expect((await coordinator.hear('result', () => true, since)).outputs[0]?.hash).toBe(sha256('kept'));
});

test('a step runs on while the connection is cut', async () => {
  await startEdge();
  await coordinator.hear('hello');
  const work = order({ act: 'slow', word: 'slow' });
  coordinator.send({ kind: 'work', order: work });
  await coordinator.hear('started');
  coordinator.cut();
  expect((await coordinator.hear('result')).outputs[0]?.hash).toBe(sha256('slow'));
});

test('cancelling stops a step and the children that it started, without a result', async () => {
  await startEdge();
  await coordinator.hear('hello');
  const work = order({ act: 'hang-with-child' });
  coordinator.send({ kind: 'work', order: work });
  const { message } = await coordinator.hear('progress', ({ fraction }) => fraction === 0.6);
  coordinator.send({ kind: 'cancel', attemptId: work.attemptId });
  await coordinator.hear('heartbeat', ({ holding }) => holding.length === 0, coordinator.heard.length);
  await expect.poll(() => isRunning(Number(message))).toBe(false);
  expect(coordinator.heard.some(({ kind }) => kind === 'result' || kind === 'failure')).toBe(false);
});

test('a step that aborts its process is a crash with its last words, and the next step gets a fresh slot', async () => {
  await startEdge();
  await coordinator.hear('hello');
  coordinator.send({ kind: 'work', order: order({ act: 'abort' }) });
  const failure = await coordinator.hear('failure');
  expect(failure.error.code).toBe('slot-crashed');
  expect(failure.log).toContain('about to abort');
  coordinator.send({ kind: 'work', order: order({ word: 'next' }) });
  expect((await coordinator.hear('result')).timings.cold).toBe(true);
});

test.each([
  ['an error of a driver', order({ act: 'throw' }), 'step-failed'],
  ['an output of another modality than its port', order({ act: 'wrong-bytes' }), 'unsupported-media'],
  ['a parameter that the task does not have', order({ nonsense: 1 }), 'invalid-input'],
  ['a model that is not offered', order({}, { modelId: 'other' }), 'unknown-model'],
  ['a task that is not declared', order({}, { task: 'nothing' }), 'unknown-task'],
])('%s fails the step with its own code', async (_what, work, code) => {
  await startEdge();
  await coordinator.hear('hello');
  coordinator.send({ kind: 'work', order: work });
  expect((await coordinator.hear('failure')).error.code).toBe(code);
});

test('a model over the memory bound fails with how much it needs', async () => {
  await startEdge({ modelMemoryBytes: 1e6 }, [{ ...toy, memoryBytes: 5e6 }]);
  await coordinator.hear('hello');
  coordinator.send({ kind: 'work', order: order({}) });
  expect((await coordinator.hear('failure')).error).toMatchObject({ code: 'out-of-memory', message: expect.stringContaining('5 MB') });
});

test('a model that takes more than its manifest says fails where that is over the bound', async () => {
  await startEdge({ modelMemoryBytes: 100e6 }, [{ ...toy, options: { allocateBytes: 200e6 } }]);
  await coordinator.hear('hello');
  coordinator.send({ kind: 'work', order: order({}) });
  expect((await coordinator.hear('failure')).error.code).toBe('out-of-memory');
});

test('a thousand reports of one step become a few messages, and no text is lost', async () => {
  await startEdge();
  await coordinator.hear('hello');
  coordinator.send({ kind: 'work', order: order({ act: 'chatter' }) });
  await coordinator.hear('result');
  const texts = coordinator.heard.filter((message) => message.kind === 'text');
  expect(texts.map(({ delta }) => delta).join('')).toBe('x'.repeat(1000));
  expect(coordinator.heard.filter(({ kind }) => kind === 'progress').length).toBeLessThan(10);
});

test('bytes asked for with `store` arrive in the coordinator, also where the upload was cut', async () => {
  await startEdge();
  await coordinator.hear('hello');
  const word = 'x'.repeat(3_000_000);
  coordinator.send({ kind: 'work', order: order({ word }) });
  const { outputs } = await coordinator.hear('result');
  coordinator.cutUploadAfter(1_000_000);
  coordinator.send({ kind: 'store', hash: outputs[0]?.hash as string });
  expect(await coordinator.hear('stored')).toEqual({ kind: 'stored', hash: sha256(word), error: null });
  expect(await coordinator.store.verify(sha256(word))).toBe(true);
});

test('bytes that an edge does not hold are answered with not-found', async () => {
  await startEdge();
  await coordinator.hear('hello');
  coordinator.send({ kind: 'store', hash: 'a'.repeat(64) });
  expect((await coordinator.hear('stored')).error?.code).toBe('not-found');
});

test('an edge gives its artifacts to another that shows a ticket, at the pace of a simulated link', async () => {
  await startEdge({ listen: '127.0.0.1:0' });
  const { info } = await coordinator.hear('hello');
  const giver = coordinator.edgeId();
  const word = 'y'.repeat(200_000);
  coordinator.send({ kind: 'work', order: order({ word }) });
  const { outputs } = await coordinator.hear('result');
  const output = outputs[0] as (typeof outputs)[number];
  const url = `${info.transferUrl}/artifacts/${output.hash}`;
  expect((await fetch(url)).status).toBe(401);

  // The giver stays known: on a busy machine it may have to connect again.
  coordinator.takeAnother();
  await startEdge({ folder: join(folder, 'taker'), simulate: { links: { 'Toy edge': { bytesPerSecond: 1e6, latencyMs: 20 } } } });
  await coordinator.hear('hello', () => true, coordinator.heard.length);
  const token = await coordinator.ticket({ hash: output.hash, from: giver });
  const work = order({}, { inputs: [{ ...output, tickets: [{ from: giver, url, address: '127.0.0.1', token }] }] });
  coordinator.send({ kind: 'work', order: work });
  const link = await coordinator.hear('link', ({ from }) => from === giver);
  expect(link.bytes).toBe(200_000);
  expect(link.seconds).toBeGreaterThan(0.15);
  expect(link.latencySeconds).toBeGreaterThan(0.039);
  await coordinator.hear('result', ({ attemptId }) => attemptId === work.attemptId);
});

test('an input whose ticket is past its time is fetched with a new one', async () => {
  await startEdge();
  await coordinator.hear('hello');
  const late = await input('after a long wait');
  const token = await coordinator.ticket({ hash: late.hash, from: 'coordinator', seconds: -3600 });
  const work = order({}, { inputs: [{ ...late, tickets: [{ ...(late.tickets[0] as Ticket), token }] }] });
  coordinator.send({ kind: 'work', order: work });
  await coordinator.hear('result', ({ attemptId }) => attemptId === work.attemptId);
  expect(coordinator.renewed).toHaveLength(1);
});

test('an edge that meets a coordinator of another release says so, and joins in when both are the same', async () => {
  coordinator.protocolVersion = 2;
  const lines: string[] = [];
  const read = Promise.withResolvers<void>();
  const write = (line: string) => {
    lines.push(line);
    if (line.includes('same release')) read.resolve();
  };
  await startEdge({ log: pino({ level: 'error' }, { write }) });
  await read.promise;
  coordinator.protocolVersion = edgeProtocolVersion;
  await coordinator.hear('hello');
});

test('a simulated slow edge takes as much longer as its speed says', async () => {
  await startEdge({ simulate: { speed: 0.25 } });
  await coordinator.hear('hello');
  const begun = performance.now();
  coordinator.send({ kind: 'work', order: order({ act: 'slow' }) });
  const { timings } = await coordinator.hear('result');
  expect(timings.runSeconds).toBeGreaterThan(1.1);
  expect((performance.now() - begun) / 1000).toBeGreaterThan(timings.runSeconds);
});

test('a draining edge lets its step end, refuses new ones and stops', async () => {
  const edge = await startEdge();
  await coordinator.hear('hello');
  const work = order({ act: 'slow', word: 'ended' });
  coordinator.send({ kind: 'work', order: work });
  await coordinator.hear('started');
  const drained = edge.drain();
  await coordinator.hear('heartbeat', ({ draining }) => draining);
  const late = order({});
  coordinator.send({ kind: 'work', order: late });
  // What it runs already is no new work.
  coordinator.send({ kind: 'work', order: work });
  expect((await coordinator.hear('failure')).attemptId).toBe(late.attemptId);
  expect((await coordinator.hear('result')).outputs[0]?.hash).toBe(sha256('ended'));
  for (const { attemptId } of [work, late]) coordinator.send({ kind: 'ack', attemptId });
  await drained;
  await edge.closed;
});

test('draining a second time does not wait: the step is reported as lost', async () => {
  const edge = await startEdge();
  await coordinator.hear('hello');
  coordinator.send({ kind: 'work', order: order({ act: 'hang' }) });
  await coordinator.hear('progress');
  const drained = edge.drain();
  void edge.drain();
  expect((await coordinator.hear('failure')).error.code).toBe('edge-lost');
  await drained;
});

test('models of the driver `command` are refused from the coordinator', async () => {
  await startEdge();
  await coordinator.hear('hello');
  coordinator.send({ kind: 'pull-model', manifest: { ...toy, id: 'evil', driver: 'command' } });
  const { models } = await coordinator.hear('models', (message) => message.models.some(({ manifest }) => manifest.id === 'evil'));
  expect(models.find(({ manifest }) => manifest.id === 'evil')).toMatchObject({ state: 'failed', error: { code: 'forbidden' } });
});

test('a model is pulled and removed by message, and the list is kept over a restart', async () => {
  const first = await startEdge();
  await coordinator.hear('hello');
  coordinator.send({ kind: 'pull-model', manifest: { ...toy, id: 'second-toy' } });
  await coordinator.hear('models', ({ models }) => models.some(({ manifest, state }) => manifest.id === 'second-toy' && state === 'ready'));
  await first.close();
  let since = coordinator.heard.length;
  await startEdge();
  const { models } = await coordinator.hear('hello', () => true, since);
  expect(models.map(({ manifest }) => manifest.id)).toEqual(['toy-model', 'second-toy']);
  since = coordinator.heard.length;
  coordinator.send({ kind: 'remove-model', modelId: 'second-toy' });
  await coordinator.hear('models', (message) => message.models.length === 1, since);
});
