import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Control, type FromEdge, newId, type WorkOrder } from '@atelier/protocol';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Edge, runEdge } from './agent.ts';
import { type SmallCoordinator, startSmallCoordinator } from './testing/small-coordinator.ts';

const counterModule = join(import.meta.dirname, '../../../tests/models/counter-task.ts');
const { countOf } = await import(join(import.meta.dirname, '../../../tests/models/count.ts'));
const counter = {
  id: 'counter',
  title: 'Counter',
  shortName: 'counter',
  summary: '',
  driver: 'counter',
  tasks: ['counter'],
  licence: 'Apache-2.0',
  files: [],
  memoryBytes: 0,
  quality: 0.5,
  prior: { loadSeconds: 0, runSeconds: 0 },
  options: {},
};

let folder: string;
let coordinator: SmallCoordinator;
let edge: Edge;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-steering-'));
  coordinator = await startSmallCoordinator(join(folder, 'coordinator'));
  const edgeFolder = join(folder, 'edge');
  await mkdir(edgeFolder);
  await writeFile(join(edgeFolder, 'edge.yaml'), stringify({ name: 'Counting edge', models: [counter] }));
  edge = await runEdge({
    folder: edgeFolder,
    models: [],
    join: { url: coordinator.url, token: coordinator.token },
    taskModules: [counterModule],
    log: pino({ level: process.env.ATELIER_LOG_LEVEL ?? 'silent' }),
  });
  await coordinator.hear('hello');
});

afterEach(async () => {
  await edge.close();
  await coordinator[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function begin(parameters: Record<string, unknown>, more: Partial<WorkOrder> = {}): WorkOrder {
  const order: WorkOrder = {
    attemptId: newId(),
    fence: 1,
    runId: newId(),
    stepId: 'count',
    shard: 0,
    task: 'counter',
    modelId: 'counter',
    parameters,
    inputs: [],
    ...more,
  };
  coordinator.send({ kind: 'work', order });
  return order;
}

const size = (number: number, to: number, at: number | null = null): Control => ({ number, kind: 'size', value: { size: to }, at });
const tell = ({ attemptId, fence }: WorkOrder, control: Control) => coordinator.send({ kind: 'control', attemptId, fence, control });
const saysIt = (words: string) => (message: Extract<FromEdge, { kind: 'text' }>) => message.delta.includes(words);

test('a running step hears what it is told at once, says where it took effect, and its result names all of it', async () => {
  const order = begin({ iterations: 1_000_000, everyMs: 1 });
  await coordinator.hear('progress');
  tell(order, size(1, 5));
  tell(order, size(2, 7));
  tell(order, size(2, 7));
  const first = await coordinator.hear('control-applied', ({ applied }) => applied.some(({ number }) => number === 1));
  expect(first.applied[0]?.at).toBeGreaterThan(0);
  await coordinator.hear('control-applied', ({ applied }) => applied.some(({ number }) => number === 2));
  // Another attempt's control, and one of an earlier lease, are not for it.
  tell({ ...order, fence: 9 }, size(3, 9));
  tell({ ...order, attemptId: newId() }, size(3, 9));
  tell(order, size(4, 1));
  const last = await coordinator.hear('control-applied', ({ applied }) => applied.some(({ number }) => number === 4));
  expect(coordinator.heard.some((message) => message.kind === 'control-applied' && message.applied.some(({ number }) => number === 3))).toBe(false);
  expect(last.applied).toHaveLength(1);
  coordinator.send({ kind: 'cancel', attemptId: order.attemptId });
});

test('controls with positions take effect there and nowhere else, and the end is what the record says', async () => {
  const parameters = { iterations: 60, size: 2, everyMs: 1 };
  const controls = [size(1, -3, 0), size(2, 40, 17), size(3, 5, 17), size(5, 900, 42), size(4, 1, 59)];
  begin(parameters, { controls });
  const { outputs, applied } = await coordinator.hear('result');
  expect(applied).toEqual([1, 2, 3, 5, 4].map((number) => ({ number, at: controls.find((control) => control.number === number)?.at })));
  const changes = applied?.map(({ number, at }) => ({ at, size: controls.find((control) => control.number === number)?.value.size }));
  expect(outputs[0]?.text).toBe(String(countOf(parameters, changes)));
});

test('an attempt goes on from a checkpoint as if it had never ended, and one that cannot be had costs only time', async () => {
  const parameters = { iterations: 300, size: 2, everyMs: 5, keepEvery: 20 };
  const whole = begin(parameters, { controls: [size(1, 9, 10)] });
  const kept = await coordinator.hear('checkpoint');
  expect(kept).toMatchObject({ at: 20, applied: [{ number: 1, at: 10 }] });
  coordinator.send({ kind: 'store', hash: kept.hash });
  await coordinator.hear('stored', ({ hash, error }) => hash === kept.hash && error === null);
  const { outputs } = await coordinator.hear('result', ({ attemptId }) => attemptId === whole.attemptId);
  const tickets = [
    { from: 'coordinator', url: `/api/edge/artifacts/${kept.hash}`, address: null, token: await coordinator.ticket({ hash: kept.hash, from: 'coordinator' }) },
  ];
  const resume = { hash: kept.hash, sizeBytes: kept.sizeBytes, at: kept.at, tickets };
  const rest = begin({ ...parameters, everyMs: 1 }, { fence: 2, controls: [size(1, 9, 10)], resume });
  await coordinator.hear('text', saysIt('from 20;'));
  const again = await coordinator.hear('result', ({ attemptId }) => attemptId === rest.attemptId);
  expect([again.outputs[0]?.text, again.applied]).toEqual([outputs[0]?.text, [{ number: 1, at: 10 }]]);
  const lost = begin({ ...parameters, everyMs: 1 }, { controls: [size(1, 9, 10)], resume: { ...resume, hash: 'a'.repeat(64), tickets: [] } });
  expect((await coordinator.hear('result', ({ attemptId }) => attemptId === lost.attemptId)).outputs[0]?.text).toBe(outputs[0]?.text);
});

test('a step that listens for it ends by itself when it is cancelled, and its slot keeps the model', async () => {
  const order = begin({ iterations: 1_000_000, everyMs: 1 });
  await coordinator.hear('progress');
  coordinator.send({ kind: 'cancel', attemptId: order.attemptId });
  const next = begin({ iterations: 1, everyMs: 0 });
  const { timings } = await coordinator.hear('result', ({ attemptId }) => attemptId === next.attemptId);
  expect(timings.cold).toBe(false);
});

test('what has no right form is refused where it comes in, and the step goes on', async () => {
  const order = begin({ iterations: 200, everyMs: 5 });
  await coordinator.hear('progress');
  tell(order, { number: 1, kind: 'size', value: { size: 100_000 }, at: null });
  tell(order, { number: 2, kind: 'colour', value: {}, at: null });
  tell(order, size(3, 4));
  const { applied } = await coordinator.hear('result');
  expect(applied?.map(({ number }) => number)).toEqual([3]);
  begin({ iterations: 1 }, { controls: [{ number: 1, kind: 'colour', value: {}, at: 0 }] });
  expect((await coordinator.hear('failure')).error).toMatchObject({ code: 'invalid-input', hint: expect.stringContaining('size') });
});
