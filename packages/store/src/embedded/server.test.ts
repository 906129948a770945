import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { startEmbeddedServer, stopEmbeddedServer } from './server.ts';

const dataFolder = await mkdtemp(path.join(tmpdir(), 'atelier-postgres-'));

afterAll(async () => {
  await stopEmbeddedServer(dataFolder);
  await rm(dataFolder, { recursive: true, force: true });
});

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test('a server that its starter left behind is adopted with its data, and one that was stopped starts again', async () => {
  const child = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `const { startEmbeddedServer } = await import(${JSON.stringify(new URL('./server.ts', import.meta.url).href)});
      const { url } = await startEmbeddedServer(${JSON.stringify(dataFolder)}); console.log(url); process.kill(process.pid, 'SIGKILL');`,
    ],
    { encoding: 'utf8' },
  );
  expect(child.signal).toBe('SIGKILL');
  const url = child.stdout.trim();
  await query(url, 'CREATE TABLE kept (value int); INSERT INTO kept VALUES (7)');

  const adopted = await startEmbeddedServer(dataFolder);
  expect(adopted.url).toBe(url);
  expect(await query(adopted.url, 'SELECT value FROM kept')).toEqual([{ value: 7 }]);

  await adopted.stop();
  await expect(query(url, 'SELECT 1')).rejects.toThrow();
  const again = await startEmbeddedServer(dataFolder);
  expect(await query(again.url, 'SELECT value FROM kept')).toEqual([{ value: 7 }]);
}, 60_000);

test('a data folder that was deleted and made again begins with an empty database', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'atelier-postgres-'));
  const first = await startEmbeddedServer(folder);
  await query(first.url, 'CREATE TABLE kept (value int)');
  await first.stop();
  await rm(folder, { recursive: true });
  const second = await startEmbeddedServer(folder);
  await expect(query(second.url, 'SELECT value FROM kept')).rejects.toThrow(/does not exist/);
  await second.stop();
  await rm(folder, { recursive: true });
}, 60_000);
