import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { outsideDatabases, removeEmbeddedServer, startEmbeddedServer, stopEmbeddedServer } from './server.ts';

const dataFolder = await mkdtemp(path.join(tmpdir(), 'atelier-postgres-'));

afterAll(async () => {
  await removeEmbeddedServer(dataFolder);
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
});

test.runIf(process.platform === 'linux')('a number left by a crash that is another program now gets no signal', async () => {
  const dataFolder = await mkdtemp(path.join(tmpdir(), 'atelier-stale-'));
  await chmod(dataFolder, 0o711);
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const ended = new Promise((resolve) => other.once('exit', resolve));
  try {
    const cluster = path.join(dataFolder, 'postgres');
    await mkdir(cluster);
    await writeFile(path.join(cluster, 'postmaster.pid'), `${other.pid}\n${cluster}\n1\n5999\n\n127.0.0.1\n`);
    await stopEmbeddedServer(dataFolder);
    expect(other.exitCode ?? other.signalCode).toBeNull();
  } finally {
    other.kill('SIGKILL');
    await ended;
    await rm(dataFolder, { recursive: true, force: true });
  }
});

test('a data folder that was deleted and made again begins with an empty database', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'atelier-postgres-'));
  const first = await startEmbeddedServer(folder);
  await query(first.url, 'CREATE TABLE kept (value int)');
  await first.stop();
  await rm(folder, { recursive: true });
  const second = await startEmbeddedServer(folder);
  await expect(query(second.url, 'SELECT value FROM kept')).rejects.toThrow(/does not exist/);
  await removeEmbeddedServer(folder);
  await expect(query(second.url, 'SELECT 1')).rejects.toThrow();
  await rm(folder, { recursive: true });
});

test.skipIf(process.getuid?.() !== 0)(
  "root's database outside of its data folder is listed with that folder, and removed with it",
  async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'atelier-postgres-'));
    const listed = async () => (await outsideDatabases()).filter((found) => found.dataFolder === folder);
    const server = await startEmbeddedServer(folder);
    const [found] = await listed();
    expect(path.dirname(server.folder)).toBe(found?.folder);
    await removeEmbeddedServer(folder);
    expect(await listed()).toEqual([]);
    expect(existsSync(server.folder)).toBe(false);
    await rm(folder, { recursive: true });
  },
  60_000,
);
