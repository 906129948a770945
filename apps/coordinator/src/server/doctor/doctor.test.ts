import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findEngines, knownEngines } from './engines.ts';
import { findModelFolders } from './model-folders.ts';

test('an engine is found by what it answers, not by its port', async () => {
  const server = createServer((_request, answer) => answer.end(JSON.stringify({ models: [] }))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  const found = await findEngines(knownEngines.map((engine) => ({ ...engine, url })));
  server.close();
  expect(found.map((finding) => finding.subject)).toEqual(['Ollama']);
  expect(found[0]?.hint).toContain('edge.yaml');
});

test('folders with models are told of, others not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'atelier-doctor-'));
  await mkdir(join(folder, 'a', 'b'), { recursive: true });
  await writeFile(join(folder, 'a', 'b', 'llama.gguf'), 'x'.repeat(3 * 1024 ** 2));
  await writeFile(join(folder, 'a', 'readme.txt'), '');
  const found = await findModelFolders([folder, join(folder, 'missing')]);
  await rm(folder, { recursive: true });
  expect(found).toHaveLength(1);
  expect(found[0]?.message).toContain('1 .gguf files (3 MiB)');
});
