import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fetchArtifact } from './fetch-artifact.ts';
import { fetchAt } from './fetch-at.ts';
import { type FolderStore, folderStore } from './folder-store.ts';

const bytes = Buffer.from('bytes of another edge');
const hash = createHash('sha256').update(bytes).digest('hex');
const artifact = { hash, sizeBytes: bytes.length };
const asked: string[] = [];
let server: Server;
let folder: string;
let store: FolderStore;
let port: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-fetch-at-'));
  store = await folderStore(folder);
  server = createServer((request, response) => {
    asked.push(`${request.headers.host} ${request.url}`);
    if (request.url === '/moved') response.writeHead(302, { location: '/bytes' }).end();
    else response.end(bytes);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

async function fetchBy(url: string, address: string, isCoordinatorHere = true) {
  await store.delete(hash);
  asked.length = 0;
  return fetchArtifact([{ from: 'giver', url, address, token: 'ticket' }], artifact, store, {
    baseUrl: 'http://127.0.0.1:1',
    isCoordinatorHere,
    prove: async () => 'a proof',
  });
}

test('a name is asked at the address that was checked, wherever it leads by now', async () => {
  // No name server knows it (RFC 2606): only the checked address can answer.
  expect((await fetchBy(`http://giver.invalid:${port}/bytes`, '127.0.0.1')).transferred).toBe(true);
  expect(asked).toEqual([`giver.invalid:${port} /bytes`]);
});

test('numbers in a URL do not lead past the checked address', async () => {
  expect((await fetchBy(`http://192.0.2.1:${port}/bytes`, '127.0.0.1')).transferred).toBe(true);
});

test('a redirect is not followed', async () => {
  await expect(fetchBy(`http://giver.invalid:${port}/moved`, '127.0.0.1')).rejects.toMatchObject({ code: 'download-failed' });
  expect(asked.every((one) => one.endsWith('/moved'))).toBe(true);
});

test('an edge of another machine asks nothing of its own services, nor of what is no machine', async () => {
  await expect(fetchBy(`http://giver.invalid:${port}/bytes`, '127.0.0.1', false)).rejects.toMatchObject({ code: 'download-failed' });
  for (const address of ['169.254.169.254', '0.0.0.0', '::', 'fe80::1']) {
    await expect(fetchBy(`http://giver.invalid:${port}/bytes`, address)).rejects.toThrow('no address of another machine');
  }
  expect(asked).toEqual([]);
});

test.each([
  ['a status that there is none of', 'HTTP/1.1 999 x\r\nContent-Length: 0\r\n\r\n'],
  ['an upgrade that nobody asked for', 'HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
])('%s fails the transfer, and neither ends the process nor holds it', async (_, answer) => {
  const hostile = createTcpServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => socket.write(answer));
  });
  await new Promise<void>((done) => hostile.listen(0, '127.0.0.1', done));
  const { port: at } = hostile.address() as AddressInfo;
  const transfer = fetchAt('127.0.0.1', new URL(`http://127.0.0.1:${at}/bytes`), { headers: {}, signal: AbortSignal.timeout(60_000) });
  await expect(transfer).rejects.toThrow(/status 999|upgrade/);
  hostile.close();
});
