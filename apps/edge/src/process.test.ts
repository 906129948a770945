import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holderOf } from '@atelier/folder-lock';
import { newId, type WorkOrder } from '@atelier/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type SmallCoordinator, startSmallCoordinator } from './testing/small-coordinator.ts';

let folder: string;
let coordinator: SmallCoordinator;
let children: ChildProcess[];

const plain = { title: '', shortName: 'x', summary: '', licence: 'MIT', files: [], memoryBytes: 0, prior: { loadSeconds: 0, runSeconds: 0 } };
const toy = { ...plain, id: 'toy-model', driver: 'toy', tasks: ['toy'] };
const shout = {
  ...plain,
  id: 'shout',
  driver: 'command',
  tasks: ['text-generation'],
  options: { command: [process.execPath, '-e', 'console.log(process.argv[1].toUpperCase())', '{text.prompt}'] },
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-edge-process-'));
  coordinator = await startSmallCoordinator(join(folder, 'coordinator'));
  children = [];
  await mkdir(join(folder, 'edge'));
  await writeFile(join(folder, 'edge/edge.yaml'), stringify({ models: [toy, shout] }));
});

afterEach(async () => {
  for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await coordinator[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function startProcess(): ChildProcess {
  const words = ['--folder', join(folder, 'edge'), '--join', coordinator.url, '--token', coordinator.token, '--models', ''];
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...words, '--tasks', join(import.meta.dirname, 'testing/toy-tasks.ts')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  children.push(child);
  return child;
}

function order(parameters: Record<string, unknown>, more: Partial<WorkOrder> = {}): WorkOrder {
  return { attemptId: newId(), fence: 1, runId: newId(), stepId: 'play', shard: 0, task: 'toy', modelId: 'toy-model', parameters, inputs: [], ...more };
}

/** Where nobody collects orphans, an ended process stays as a zombie. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !existsSync(`/proc/${pid}/stat`) || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

test('kill -9 of the edge ends its slots, frees its folder and keeps finished results', async () => {
  const first = startProcess();
  await coordinator.hear('hello');
  const done = order({ word: 'kept' });
  coordinator.send({ kind: 'work', order: done });
  await coordinator.hear('result');
  coordinator.send({ kind: 'work', order: order({ act: 'hang' }) });
  const { message } = await coordinator.hear('progress', ({ attemptId }) => attemptId !== done.attemptId);
  const slot = Number(message);
  expect(isRunning(slot)).toBe(true);
  first.kill('SIGKILL');
  await once(first, 'exit');
  await expect.poll(() => isRunning(slot), { timeout: 5_000 }).toBe(false);
  expect(await holderOf(join(folder, 'edge'), 'edge')).toBeUndefined();
  const since = coordinator.heard.length;
  const second = startProcess();
  expect((await coordinator.hear('hello', () => true, since)).holding).toEqual([{ attemptId: done.attemptId, fence: 1 }]);
  expect((await holderOf(join(folder, 'edge'), 'edge'))?.pid).toBe(second.pid);
  const third = startProcess();
  expect((await once(third, 'exit'))[0]).toBe(3);
});

test('SIGTERM lets the running step end and the edge exits with 0', async () => {
  const child = startProcess();
  await coordinator.hear('hello');
  coordinator.send({ kind: 'work', order: order({ act: 'slow' }) });
  const { attemptId } = await coordinator.hear('started');
  child.kill('SIGTERM');
  await coordinator.hear('result');
  coordinator.send({ kind: 'ack', attemptId });
  expect((await once(child, 'exit'))[0]).toBe(0);
});

test("a command of the owner's own file runs as a step", async () => {
  startProcess();
  const { models } = await coordinator.hear('hello');
  expect(models.map(({ manifest }) => manifest.id)).toEqual(['toy-model', 'shout']);
  const { hash, sizeBytes } = await coordinator.store.put(
    (async function* () {
      yield Buffer.from('quiet; rm -rf $HOME');
    })(),
  );
  const token = await coordinator.tickets.sign({ hash, to: coordinator.edgeId(), from: 'coordinator', seconds: 60 });
  const tickets = [{ from: 'coordinator', url: `/api/edge/artifacts/${hash}`, token }];
  coordinator.send({
    kind: 'work',
    order: order({}, { task: 'text-generation', modelId: 'shout', inputs: [{ port: 'prompt', index: 0, hash, sizeBytes, mediaType: 'text/plain', tickets }] }),
  });
  const output = (await coordinator.hear('result')).outputs[0] as { hash: string };
  coordinator.send({ kind: 'store', hash: output.hash });
  await coordinator.hear('stored');
  expect(readFileSync(await coordinator.store.path(output.hash), 'utf8').trim()).toBe('QUIET; RM -RF $HOME');
});
