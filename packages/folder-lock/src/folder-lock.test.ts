import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { holderOf, lockAddress, lockFolder } from './folder-lock.ts';
import { runsProgram } from './runs-program.ts';

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

test.skipIf(process.platform === 'win32')(
  'a socket outside of its folder lies in a folder that only this user may enter, and one that others may enter is refused',
  async () => {
    const before = process.env.TMPDIR;
    process.env.TMPDIR = join(folder, 'tmp');
    try {
      await mkdir(process.env.TMPDIR);
      const long = join(folder, 'y'.repeat(120));
      await mkdir(long);
      const place = dirname(lockAddress(long, 'edge'));
      const lock = await take(long);
      expect((await stat(place)).mode & 0o777).toBe(0o700);
      await lock.release();
      await chmod(place, 0o777);
      await expect(lockFolder(long, 'edge')).rejects.toThrow(/not a private folder/);
      await expect(holderOf(long, 'edge')).rejects.toThrow(/not a private folder/);
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
  },
);

test('a process is known by its program and arguments, not by its number alone', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log(1)', 'an-edge', folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  expect(await runsProgram(child.pid as number, ['an-edge', folder])).toBe(true);
  expect(await runsProgram(child.pid as number, ['an-edge', `${folder}x`])).toBe(false);
  expect(await runsProgram(1, [])).toBe(false);
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  expect(await runsProgram(child.pid as number, ['an-edge', folder])).toBe(false);
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
