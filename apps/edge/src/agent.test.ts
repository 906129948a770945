import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ModelManifest, newId, type WorkOrder } from '@atelier/protocol';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Edge, runEdge } from './agent.ts';
import type { EdgeOptions } from './settings.ts';
import { type SmallCoordinator, startSmallCoordinator } from './testing/small-coordinator.ts';

let folder: string;
let coordinator: SmallCoordinator;
let edges: Edge[];

const toy: ModelManifest = {
  id: 'toy-model',
  title: 'Toy',
  shortName: 'toy',
  summary: '',
  driver: 'toy',
  tasks: ['toy'],
  licence: 'Apache-2.0',
  files: [],
  memoryBytes: 0,
  quality: 0.5,
  prior: { loadSeconds: 0, runSeconds: 0 },
  options: {},
};

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

async function startEdge(options: Partial<EdgeOptions> = {}, models: readonly ModelManifest[] = [toy]): Promise<Edge> {
  const edgeFolder = options.folder ?? join(folder, 'edge');
  await import('node:fs/promises').then(({ mkdir }) => mkdir(edgeFolder, { recursive: true }));
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

function order(parameters: Record<string, unknown>, more: Partial<WorkOrder> = {}): WorkOrder {
  return { attemptId: newId(), fence: 1, runId: newId(), stepId: 'play', shard: 0, task: 'toy', modelId: 'toy-model', parameters, inputs: [], ...more };
}

async function input(text: string, index = 0): Promise<WorkOrder['inputs'][number]> {
  const { hash, sizeBytes } = await coordinator.store.put(async_(Buffer.from(text)));
  const token = await coordinator.tickets.sign({ hash, to: coordinator.edgeId(), from: 'coordinator', seconds: 60 });
  return { port: 'text', index, hash, sizeBytes, mediaType: 'text/plain', tickets: [{ from: 'coordinator', url: `/api/edge/artifacts/${hash}`, token }] };
}

async function* async_(bytes: Uint8Array) {
  yield bytes;
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

test('an edge joins, says what it offers, and runs a step on inputs that it fetches', async () => {
  await startEdge();
  const hello = await coordinator.hear('hello');
  expect(hello.models.map(({ manifest, state }) => [manifest.id, state])).toEqual([['toy-model', 'ready']]);
  expect(hello.info.devices).toEqual([{ driver: 'toy', device: 'cpu', reason: 'toys need no more' }]);
  const work = order({ word: '!' }, { inputs: [await input('world', 1), await input('hello', 0)] });
  coordinator.send({ kind: 'work', order: work });
  await coordinator.hear('started', ({ attemptId }) => attemptId === work.attemptId);
  const result = await coordinator.hear('result');
  expect(result.outputs).toEqual([{ port: 'text', index: 0, hash: sha256('hello world!'), sizeBytes: 12, mediaType: 'text/plain' }]);
  expect(result.timings.cold).toBe(true);
  expect(result.timings.transferBytes).toBe(10);
});
