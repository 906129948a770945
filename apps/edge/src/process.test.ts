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

const printer = {
  ...plain,
  id: 'printer',
  driver: 'command',
  tasks: ['text-generation'],
  options: { command: [process.execPath, '-e', 'console.log(JSON.stringify(process.env))'] },
};
const remote = {
  ...plain,
  id: 'remote',
  driver: 'openai',
  tasks: ['text-generation'],
  options: { baseUrl: 'http://127.0.0.1:9/v1', model: 'x', apiKeyEnv: 'CELLAR' },
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-edge-process-'));
  coordinator = await startSmallCoordinator(join(folder, 'coordinator'));
  children = [];
  await mkdir(join(folder, 'edge'));
  await writeFile(join(folder, 'edge/edge.yaml'), stringify({ environment: ['FARM_NAME'], models: [toy, shout, printer, remote] }));
});

afterEach(async () => {
  for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await coordinator[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function startProcess(environment: Record<string, string> = {}): ChildProcess {
  const words = ['--folder', join(folder, 'edge'), '--join', coordinator.url, '--token', coordinator.token, '--models', ''];
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...words, '--tasks', join(import.meta.dirname, 'testing/toy-tasks.ts')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...environment },
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
  await expect.poll(() => isRunning(slot)).toBe(false);
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
  expect(models.map(({ manifest }) => manifest.id)).toEqual(['toy-model', 'shout', 'printer', 'remote']);
  const { hash, sizeBytes } = await coordinator.store.put(
    (async function* () {
      yield Buffer.from('quiet; rm -rf $HOME');
    })(),
  );
  const token = await coordinator.ticket({ hash, from: 'coordinator' });
  const tickets = [{ from: 'coordinator', url: `/api/edge/artifacts/${hash}`, address: null, token }];
  coordinator.send({
    kind: 'work',
    order: order({}, { task: 'text-generation', modelId: 'shout', inputs: [{ port: 'prompt', index: 0, hash, sizeBytes, mediaType: 'text/plain', tickets }] }),
  });
  const output = (await coordinator.hear('result')).outputs[0] as { hash: string };
  coordinator.send({ kind: 'store', hash: output.hash });
  await coordinator.hear('stored');
  expect(readFileSync(await coordinator.store.path(output.hash), 'utf8').trim()).toBe('QUIET; RM -RF $HOME');
});

/** The text of a result, whose bytes are brought first. */
async function textOf(orderId: string): Promise<string> {
  const result = await coordinator.hear('result', ({ attemptId }) => attemptId === orderId);
  const { hash } = result.outputs[0] as { hash: string };
  coordinator.send({ kind: 'store', hash });
  await coordinator.hear('stored', (message) => message.hash === hash);
  return readFileSync(await coordinator.store.path(hash), 'utf8');
}

test('slots and commands see the variables that programs need and those that their owner names, but no others', async () => {
  const secrets = {
    AWS_SECRET_ACCESS_KEY: 's1',
    GITHUB_TOKEN: 's2',
    HF_TOKEN: 's3',
    ATELIER_TOKEN: 's4',
    NODE_OPTIONS: '--no-warnings',
    CUDA_REGISTRY_TOKEN: 's5',
  };
  startProcess({ ...secrets, CELLAR: 'the key of the driver', FARM_NAME: 'meadow', CUDA_VISIBLE_DEVICES: '1', LC_ALL: 'C', TMPDIR: tmpdir() });
  await coordinator.hear('hello');
  const inSlot = order({ act: 'environment' });
  coordinator.send({ kind: 'work', order: inSlot });
  const slot = JSON.parse(await textOf(inSlot.attemptId));
  const inCommand = order({}, { task: 'text-generation', modelId: 'printer' });
  const { hash, sizeBytes } = await coordinator.store.put(
    (async function* () {
      yield Buffer.from('any');
    })(),
  );
  const token = await coordinator.ticket({ hash, from: 'coordinator' });
  const tickets = [{ from: 'coordinator', url: `/api/edge/artifacts/${hash}`, address: null, token }];
  coordinator.send({ kind: 'work', order: { ...inCommand, inputs: [{ port: 'prompt', index: 0, hash, sizeBytes, mediaType: 'text/plain', tickets }] } });
  const command = JSON.parse(await textOf(inCommand.attemptId));
  for (const environment of [slot, command]) {
    expect(environment).toMatchObject({ PATH: process.env.PATH, FARM_NAME: 'meadow', CUDA_VISIBLE_DEVICES: '1', LC_ALL: 'C', TMPDIR: tmpdir() });
    for (const name of Object.keys(secrets)) expect(environment, name).not.toHaveProperty(name);
  }
  expect(slot).toHaveProperty('CELLAR', 'the key of the driver');
  expect(command).not.toHaveProperty('CELLAR');
});
