import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { saveResponse } from './save-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-save-'));
});
afterAll(() => rm(folder, { recursive: true }));

const hash = createHash('sha256').update('a film').digest('hex');

test('an answer lands in its file, and its hash and length are told', async () => {
  expect(await saveResponse(new Response('a film', { headers: { 'content-length': '6' } }), join(folder, 'a'), hash)).toEqual({ sha256: hash, sizeBytes: 6 });
  expect(await readFile(join(folder, 'a'), 'utf8')).toBe('a film');
});

test('an answer that broke off, or has other bytes than its hash says, leaves nothing', async () => {
  const cut = new Response('a fi', { headers: { 'content-length': '6' } });
  await expect(saveResponse(cut, join(folder, 'b'))).rejects.toMatchObject({ code: 'download-failed' });
  await expect(saveResponse(new Response('a film!'), join(folder, 'c'), hash)).rejects.toMatchObject({ code: 'hash-mismatch' });
  expect(await readdir(folder)).toEqual(['a']);
});
