import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { holderOf, lockAddress, lockFolder } from './lock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a folder has one holder at a time, and is free when that lets go', async () => {
  const lock = await lockFolder(folder);
  expect(await holderOf(folder)).toBe(process.pid);
  await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining(String(process.pid)) });
  await lock.release();
  expect(await holderOf(folder)).toBeUndefined();
  await (await lockFolder(folder)).release();
});

test('a folder whose path is too long for a socket can be locked too', async () => {
  const long = join(folder, 'x'.repeat(120));
  await mkdir(long);
  expect(lockAddress(long).length).toBeLessThan(104);
  const lock = await lockFolder(long);
  await expect(lockFolder(long)).rejects.toMatchObject({ code: 'conflict' });
  await lock.release();
});

test('what a killed holder left behind does not keep others out, and of several that come at once one gets in', async () => {
  if (process.platform !== 'win32') await writeFile(lockAddress(folder), '');
  const settled = await Promise.allSettled(Array.from({ length: 4 }, () => lockFolder(folder)));
  const locks = settled.filter((one) => one.status === 'fulfilled');
  expect(locks).toHaveLength(1);
  await locks[0]?.value.release();
});
