import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FolderStore, folderStore } from './folder-store.ts';
import { artifactResponse } from './respond.ts';

let folder: string;
let store: FolderStore;
let hash: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-respond-'));
  store = await folderStore(join(folder, 'artifacts'));
  ({ hash } = await store.put(
    (async function* () {
      yield Buffer.from('0123456789');
    })(),
  ));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function answer(headers: Record<string, string> = {}, method = 'GET') {
  const response = await artifactResponse(store, hash, new Request('http://here/', { method, headers }), { mediaType: 'text/plain' });
  return { status: response.status, length: response.headers.get('content-length'), range: response.headers.get('content-range'), text: await response.text() };
}

test('everything, a part, nothing new and a part that does not exist are answered as HTTP says', async () => {
  expect(await answer()).toEqual({ status: 200, length: '10', range: null, text: '0123456789' });
  expect(await answer({ range: 'bytes=2-4' })).toEqual({ status: 206, length: '3', range: 'bytes 2-4/10', text: '234' });
  expect(await answer({ range: 'bytes=20-' })).toEqual({ status: 416, length: null, range: 'bytes */10', text: '' });
  expect(await answer({}, 'HEAD')).toEqual({ status: 200, length: '10', range: null, text: '' });
  expect((await answer({ 'if-none-match': `"${hash}"` })).status).toBe(304);
  expect((await answer({ range: 'bytes=2-4', 'if-range': '"other"' })).status).toBe(200);
});

test('a media type that an older release kept from anybody neither fails nor puts anything into the answer', async () => {
  for (const mediaType of ['image/png\r\nset-cookie: a=b', 'nonsense', 'image/p\u00f1g']) {
    const response = await artifactResponse(store, hash, new Request('http://here/'), { mediaType });
    expect([response.status, response.headers.get('content-type'), response.headers.has('set-cookie')]).toEqual([200, 'application/octet-stream', false]);
  }
});

test('bytes that are not held are not found', async () => {
  await expect(artifactResponse(store, 'a'.repeat(64), new Request('http://here/'))).rejects.toMatchObject({ code: 'not-found' });
});
