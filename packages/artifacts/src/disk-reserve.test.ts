import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { diskReserve, folderStore } from './index.ts';

test('a store whose disk has no more than its reserve takes nothing, keeps nothing of it, and ends the stream', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'atelier-reserve-'));
  const store = await folderStore(folder, { reserve: diskReserve(folder, 2 ** 60) });
  const bytes = Readable.from([Buffer.from('apple')]);
  await expect(store.put(bytes)).rejects.toMatchObject({ code: 'disk-full', hint: expect.any(String) });
  expect(bytes.destroyed).toBe(true);
  expect(await readdir(join(folder, 'tmp'))).toEqual([]);
  await rm(folder, { recursive: true });
});

test('what would not fit is refused before it is written, and what fits passes whole', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'atelier-reserve-'));
  const reserve = diskReserve(folder, 0);
  await expect(reserve.check(2 ** 60)).rejects.toMatchObject({ code: 'disk-full' });
  await reserve.check(1);
  const chunks = Array.from({ length: 10 }, (_, index) => Buffer.alloc(4 * 1024 ** 2, index));
  const passed: Uint8Array[] = [];
  for await (const chunk of reserve.guard(Readable.from(chunks))) passed.push(chunk);
  expect(Buffer.concat(passed).equals(Buffer.concat(chunks))).toBe(true);
  await rm(folder, { recursive: true });
});
