import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { holderOf, lockAddress, lockFolder } from './folder-lock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function take(where = folder) {
  const lock = await lockFolder(where, 'edge');
  if (lock.kind === 'held') throw new Error(`held by ${lock.pid}`);
  return lock;
}

test('a folder has one holder at a time, and is free when that lets go', async () => {
  const lock = await take();
  expect(await holderOf(folder, 'edge')).toEqual({ kind: 'held', pid: process.pid });
  expect(await lockFolder(folder, 'edge')).toEqual({ kind: 'held', pid: process.pid });
  await lock.release();
  expect(await holderOf(folder, 'edge')).toBeUndefined();
  await (await take()).release();
});

test('a coordinator and an edge may hold the same folder', async () => {
  const edge = await take();
  const coordinator = await lockFolder(folder, 'coordinator');
  expect(coordinator.kind).toBe('taken');
  await edge.release();
  if (coordinator.kind === 'taken') await coordinator.release();
});

test('a folder whose path is too long for a socket can be locked too', async () => {
  const long = join(folder, 'x'.repeat(120));
  await mkdir(long);
  expect(lockAddress(long, 'edge').length).toBeLessThan(104);
  const lock = await take(long);
  expect((await lockFolder(long, 'edge')).kind).toBe('held');
  await lock.release();
});

test('what a dead holder left behind keeps nobody out, and of many that come at once exactly one gets in', async () => {
  for (let round = 0; round < 20; round += 1) {
    if (process.platform !== 'win32') await writeFile(lockAddress(folder, 'edge'), '');
    const locks = await Promise.all(Array.from({ length: 6 }, () => lockFolder(folder, 'edge')));
    const taken = locks.filter((lock) => lock.kind === 'taken');
    expect(taken).toHaveLength(1);
    await taken[0]?.release();
  }
});

test('a holder that is killed frees its folder', async () => {
  const program = `const { lockFolder } = await import(${JSON.stringify(new URL('./folder-lock.ts', import.meta.url).href)});
    console.log((await lockFolder(${JSON.stringify(folder)}, 'edge')).kind); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  expect(await holderOf(folder, 'edge')).toEqual({ kind: 'held', pid: child.pid });
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  await (await take()).release();
});
