import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { boundedFetch, readBytes, readJson, readText } from './index.ts';

let sent = 0;
let cut = Promise.withResolvers<void>();
const server = createServer((request, response) => {
  if (request.url === '/small') response.end('\uFEFF{"a":"é"}');
  else if (request.url === '/announced') response.writeHead(200, { 'content-length': 10_000_000 }).flushHeaders();
  else if (request.url === '/packed') response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(20_000_000)));
  else {
    const pour = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536))) sent += 65_536;
    };
    response.on('drain', pour);
    response.once('close', () => cut.resolve());
    pour();
  }
});
let base = '';

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test('JSON within the bound is read, with a byte order mark too', async () => {
  expect(await readJson(await fetch(`${base}/small`), 100)).toEqual({ a: 'é' });
});

test('a length that is announced over the bound is refused before anything comes', async () => {
  await expect(readText(await fetch(`${base}/announced`), 1000, 'The list')).rejects.toMatchObject({
    code: 'too-large',
    message: 'The list may have at most 1000 bytes.',
  });
});

test('an endless answer is refused at the bound, and its connection is cut', async () => {
  cut = Promise.withResolvers();
  await expect(readBytes(await fetch(`${base}/endless`), 100_000)).rejects.toMatchObject({ code: 'too-large' });
  await cut.promise;
  expect(sent).toBeLessThan(50_000_000);
});

test('what is small on the line and large when unpacked is refused as well', async () => {
  await expect(readBytes(await fetch(`${base}/packed`), 1_000_000)).rejects.toMatchObject({ code: 'too-large' });
});

test('a library that reads answers itself gets one that breaks off at the bound', async () => {
  await expect((await boundedFetch(50_000, 'The answer')(`${base}/endless`)).text()).rejects.toMatchObject({ code: 'too-large' });
  expect(await (await boundedFetch(50_000, 'The answer')(`${base}/small`)).json()).toEqual({ a: 'é' });
});

test('what is not JSON is told as that', async () => {
  await expect(readJson(new Response('<html>'), 100, "The server's answer")).rejects.toMatchObject({
    code: 'invalid-input',
    message: /server's answer is not valid JSON/,
  });
});
