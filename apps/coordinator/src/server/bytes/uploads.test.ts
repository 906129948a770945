import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { encodePng, readPicture } from '@atelier/media';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { errorOf, type TestCoordinator, testCoordinator } from '../coordinator.test-support.ts';

let coordinator: TestCoordinator;
let member: string;
let png: Uint8Array;
const tus = { 'tus-resumable': '1.0.0' };
const speech = join(import.meta.dirname, '../../../../../examples/audio/jfk.wav');

beforeAll(async () => {
  coordinator = await testCoordinator();
  member = (await coordinator.person('member')).token;
  const noise = Uint8Array.from({ length: 64 * 48 * 3 }, (_, index) => (index * 7919) % 251);
  png = await encodePng({ width: 64, height: 48, data: noise });
});
afterAll(() => coordinator.close());

async function begin(sizeBytes: number, name = 'file', token = member): Promise<string> {
  const metadata = `filename ${Buffer.from(name).toString('base64')}`;
  const begun = await coordinator.call('/api/uploads', {
    method: 'POST',
    token,
    headers: { ...tus, 'upload-length': String(sizeBytes), 'upload-metadata': metadata },
  });
  expect(begun.status).toBe(201);
  return begun.headers.get('location') ?? '';
}

function send(location: string, bytes: Uint8Array, offset = 0, token = member): Promise<Response> {
  const headers = { ...tus, 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' };
  return coordinator.call(location, { method: 'PATCH', token, headers, body: bytes });
}

async function upload(bytes: Uint8Array, name?: string): Promise<{ location: string; answer: Response }> {
  const location = await begin(bytes.length, name);
  return { location, answer: await send(location, bytes) };
}

async function outputOf(location: string): Promise<{ outputId: string; hash: string; mediaType: string; name: string }> {
  return (await coordinator.call(`${location}/result`, { token: member })).json();
}

test('an upload in two pieces becomes an output with its bytes, its kind and its name', async () => {
  const location = await begin(png.length, 'Äpfel "rot".png');
  expect((await send(location, png.subarray(0, 500))).status).toBe(204);
  expect(await errorOf(await coordinator.call(`${location}/result`, { token: member }))).toMatchObject({ code: 'conflict' });
  const head = await coordinator.call(location, { method: 'HEAD', token: member, headers: tus });
  expect(head.headers.get('upload-offset')).toBe('500');
  expect((await send(location, png.subarray(500), 500)).status).toBe(204);
  const made = await outputOf(location);
  const hash = createHash('sha256').update(png).digest('hex');
  expect(made).toMatchObject({ hash, mediaType: 'image/png', name: 'Äpfel "rot".png' });
  const content = await coordinator.call(`/api/outputs/${made.outputId}/content`, { token: member });
  expect(
    createHash('sha256')
      .update(new Uint8Array(await content.arrayBuffer()))
      .digest('hex'),
  ).toBe(hash);
  expect(await readdir(join(coordinator.dataFolder, 'uploads'))).toEqual([]);
});

test("another's upload is not found, nor is what it became", async () => {
  const other = (await coordinator.person('member')).token;
  const location = await begin(png.length);
  expect((await send(location, png, 0, other)).status).toBe(404);
  expect((await send(location, png)).status).toBe(204);
  const { outputId } = await outputOf(location);
  expect((await coordinator.call(`${location}/result`, { token: other })).status).toBe(404);
  expect((await coordinator.call(`/api/outputs/${outputId}/content`, { token: other })).status).toBe(404);
  expect((await coordinator.call(`/api/outputs/${outputId}/thumbnail`, { token: other })).status).toBe(404);
});

test('a picture that is cut off is refused before anything runs, and nothing of it stays', async () => {
  const { location, answer } = await upload(png.subarray(0, png.length - 40), 'cut.png');
  expect(answer.status).toBe(400);
  expect(await errorOf(answer)).toMatchObject({ code: 'damaged-media', hint: expect.any(String) });
  expect(await errorOf(await coordinator.call(`${location}/result`, { token: member }))).toMatchObject({ code: 'damaged-media' });
  expect(await readdir(join(coordinator.dataFolder, 'uploads'))).toEqual([]);
});

test('a picture of too many pixels is refused by its header', async () => {
  const huge = Buffer.from(png);
  huge.writeUInt32BE(60_000, 16);
  huge.writeUInt32BE(60_000, 20);
  const { answer } = await upload(huge, 'huge.png');
  expect([400, 413]).toContain(answer.status);
  expect(['too-large', 'damaged-media']).toContain((await errorOf(answer)).code);
});

test('a recording is read to its end: whole speech is taken, a cut one is not', async () => {
  const wav = await readFile(speech);
  const whole = await upload(wav, 'jfk.wav');
  expect(whole.answer.status).toBe(204);
  expect((await outputOf(whole.location)).mediaType).toBe('audio/wav');
  const cut = await upload(wav.subarray(0, wav.length >> 1), 'cut.wav');
  expect(await errorOf(cut.answer)).toMatchObject({ code: 'damaged-media' });
});

test('what claims to be a picture but is not, an empty file and an oversized upload are refused', async () => {
  const html = await upload(Buffer.from([0, 1, 2, 3, 255, 254]), 'page.png');
  expect(await errorOf(html.answer)).toMatchObject({ code: 'unsupported-media' });
  const tooLarge = await coordinator.call('/api/uploads', { method: 'POST', token: member, headers: { ...tus, 'upload-length': String(3 * 1024 ** 3) } });
  expect(tooLarge.status).toBe(413);
});

test('a page as a text is never shown as a page', async () => {
  const { location } = await upload(Buffer.from('<script>alert(1)</script>'), 'page.html');
  const { outputId, mediaType } = await outputOf(location);
  expect(mediaType).toBe('text/plain');
  const { headers } = await coordinator.call(`/api/outputs/${outputId}/content`, { token: member });
  expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(headers.get('content-security-policy')).toMatch(/^sandbox/);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
});

test('content comes in ranges, with its hash as ETag and a name to save it under', async () => {
  const { location } = await upload(png, 'apple.png');
  const { outputId, hash } = await outputOf(location);
  const path = `/api/outputs/${outputId}/content`;
  const part = await coordinator.call(path, { token: member, headers: { range: 'bytes=1-3' } });
  expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, `bytes 1-3/${png.length}`, 'PNG']);
  const head = await coordinator.call(path, { method: 'HEAD', token: member });
  expect([head.status, head.headers.get('content-length'), head.headers.get('etag')]).toEqual([200, String(png.length), `"${hash}"`]);
  expect((await coordinator.call(path, { token: member, headers: { 'if-none-match': `"${hash}"` } })).status).toBe(304);
  expect((await coordinator.call(path, { token: member, headers: { range: `bytes=${png.length}-` } })).status).toBe(416);
  const saved = await coordinator.call(`${path}?download=1`, { token: member });
  expect(saved.headers.get('content-disposition')).toMatch(/^attachment; filename="/);
  await saved.body?.cancel();
});

test('a picture has a small picture', async () => {
  const { location } = await upload(png, 'apple.png');
  const { outputId } = await outputOf(location);
  for (let times = 0; times < 2; times++) {
    const small = await coordinator.call(`/api/outputs/${outputId}/thumbnail?size=32`, { token: member });
    expect([small.status, small.headers.get('content-type')]).toEqual([200, 'image/webp']);
    expect(await readPicture(new Uint8Array(await small.arrayBuffer()))).toMatchObject({ width: 64, height: 48 });
  }
});

test.skipIf(!existsSync('/dev/full'))('a full disk is told as such, and nothing half-done stays (skipped where there is no /dev/full)', async () => {
  const location = await begin(png.length, 'full.png');
  const file = join(coordinator.dataFolder, 'uploads', location.split('/').at(-1) as string);
  // Linux has a device that refuses every byte as a full disk does.
  await rm(file);
  await symlink('/dev/full', file);
  const answer = await send(location, png);
  expect(answer.status).toBe(507);
  expect(await errorOf(answer)).toMatchObject({ code: 'disk-full', hint: expect.any(String) });
  expect(await readdir(join(coordinator.dataFolder, 'uploads'))).toEqual([]);
});
