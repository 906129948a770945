import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createClient } from '@atelier/client';
import { encodeWav } from '@atelier/media';
import { seeded } from '@atelier/seeded';
import { DetailedError, Upload, type UploadOptions } from 'tus-js-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cuttingLine } from './support/cutting-line.ts';
import { until, within } from './support/deadline.ts';
import { Studio, temporaryFolder } from './support/studio.ts';
import { openStudioDatabase } from './support/studio-database.ts';

/** Uploads over lines that break, into a studio that dies, and by clients that are not ours. */
const random = seeded('uploads');
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const studio = new Studio({ localEdge: false });

beforeAll(() => studio.start());
afterAll(() => studio[Symbol.asyncDispose]());

/** Noise as a recording, so that nothing about it can be guessed. */
const recording = (seconds: number) =>
  new Uint8Array(encodeWav({ samples: Float32Array.from({ length: seconds * 16_000 }, () => random.next() - 0.5), sampleRate: 16_000 }));

const requests = (heads: readonly string[], method: string) => heads.filter((head) => head.startsWith(`${method} /api/uploads`) && !head.includes('/result'));
const offsetIn = (head: string) => Number(/^upload-offset: (\d+)/im.exec(head)?.[1] ?? Number.NaN);

/** Bytes of the one unfinished upload that the studio has on its disk. */
function heldBytes(): number {
  const folder = path.join(studio.data, 'uploads');
  const [file] = readdirSync(folder).filter((name) => !name.endsWith('.json'));
  return file === undefined ? 0 : statSync(path.join(folder, file)).size;
}

/** How many outputs have these bytes. */
async function madeOf(bytes: Uint8Array): Promise<number> {
  const { items } = await studio.client.api.gallery.list({ uploads: true, limit: 100 });
  return items.filter((item) => item.hash === sha256(bytes)).length;
}

test('an upload that is cut three times goes on with the very byte that the studio has not, and arrives whole', async () => {
  const bytes = recording(100);
  const cutAfter = Array.from({ length: 3 }, () => 20_000 + random.below(bytes.length / 5));
  const held: number[] = [];
  /** Waits until all that went into the line is on the disk: all but the heads of requests, which are shorter than 4 KiB. */
  const beforeCut = (sentBytes: number) => {
    const before = held.at(-1) ?? 0;
    return within(
      'the bytes before the cut',
      until(() => heldBytes() >= before + sentBytes - 4096),
    ).then(() => void held.push(heldBytes()));
  };
  await using line = await cuttingLine(studio.url, { cutAfter, beforeCut });
  const view = await createClient({ url: line.url, token: studio.token }).upload(bytes, { name: 'noise.wav', mediaType: 'audio/wav' });
  expect(view).toMatchObject({ hash: sha256(bytes), mediaType: 'audio/wav', sizeBytes: bytes.length });
  expect([line.cuts, held.length]).toEqual([3, 3]);
  expect(requests(line.heads, 'POST')).toHaveLength(1);
  const [first, ...others] = requests(line.heads, 'PATCH').map(offsetIn);
  expect([first, others.length]).toEqual([0, held.length]);
  // The last piece before a cut may reach the disk after it was looked at.
  for (const [index, offset] of others.entries()) {
    expect(offset).toBeGreaterThanOrEqual(held[index] as number);
    expect(offset).toBeLessThan((held[index] as number) + 4096);
  }
});

test('whoever loses the last answer neither sends the bytes again nor makes a second upload', async () => {
  const bytes = recording(5);
  let lost = 0;
  const loses = (head: string) => offsetIn(head) === bytes.length && lost++ === 0;
  await using line = await cuttingLine(studio.url, { loses });
  const view = await createClient({ url: line.url, token: studio.token }).upload(bytes, { name: 'lost.wav', mediaType: 'audio/wav' });
  expect(view.hash).toBe(sha256(bytes));
  expect(line.cuts).toBe(1);
  expect([requests(line.heads, 'POST').length, requests(line.heads, 'PATCH').length]).toEqual([1, 1]);
  expect(await madeOf(bytes)).toBe(1);
});

test('a studio that starts again while an upload runs is waited for; nothing begins from the first byte', async () => {
  const bytes = recording(60);
  const beforeCut = async () => {
    await within(
      'bytes on the disk',
      until(() => heldBytes() > 50_000),
    );
    await studio.kill();
    void studio.start();
  };
  await using line = await cuttingLine(studio.url, { cutAfter: [100_000], beforeCut });
  const view = await createClient({ url: line.url, token: studio.token }).upload(bytes, { name: 'restart.wav', mediaType: 'audio/wav' });
  expect(view.hash).toBe(sha256(bytes));
  expect(requests(line.heads, 'POST')).toHaveLength(1);
  expect(requests(line.heads, 'PATCH').map(offsetIn).at(-1)).toBeGreaterThan(50_000);
});

test('a server that cannot say how far an upload is, is asked again; nothing begins from the first byte', async () => {
  const bytes = recording(20);
  const refused = [503, 503];
  const refuses = (head: string) => head.startsWith('HEAD ') && refused.pop() !== undefined;
  const beforeCut = () =>
    within(
      'bytes on the disk',
      until(() => heldBytes() > 50_000),
    );
  await using line = await cuttingLine(studio.url, { cutAfter: [60_000], beforeCut, refuses });
  const view = await createClient({ url: line.url, token: studio.token }).upload(bytes, { name: 'busy.wav', mediaType: 'audio/wav' });
  expect(view.hash).toBe(sha256(bytes));
  expect([requests(line.heads, 'HEAD').length, requests(line.heads, 'POST').length]).toEqual([3, 1]);
});

test('a disk that is nearly full is told at once, and not asked for again and again', async () => {
  await using full = new Studio({ localEdge: false, arguments: ['--disk-reserve', '1000000TB'] });
  await full.start();
  await using line = await cuttingLine(full.url, {});
  const upload = createClient({ url: line.url, token: full.token }).upload(recording(1), { name: 'full.wav', mediaType: 'audio/wav' });
  await expect(upload).rejects.toMatchObject({ code: 'disk-full', hint: expect.any(String) });
  expect(requests(line.heads, 'POST')).toHaveLength(1);
});

test('kill -9 while an upload is being finished leaves one output or none, never two', async () => {
  const bytes = recording(1);
  const database = await openStudioDatabase(studio);
  const lock = await database.pool.connect();
  try {
    const begun = await fetch(`${studio.url}/api/uploads`, { method: 'POST', headers: { ...tus(), 'upload-length': String(bytes.length) } });
    const location = `${studio.url}${begun.headers.get('location')}`;
    await lock.query('BEGIN');
    // The upload's own row is held, so that its finishing stops between the output and the note of it.
    await lock.query('SELECT 1 FROM upload WHERE id = $1 FOR UPDATE', [location.split('/').at(-1)]);
    const headers = { ...tus(), 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' };
    const finishing = fetch(location, { method: 'PATCH', headers, body: bytes }).catch(() => undefined);
    const stopped = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ILIKE 'update "upload"%' AND query ILIKE '%hash%'`;
    const isStopped = async () => ((await database.pool.query(stopped)).rowCount ?? 0) > 0;
    await within('the middle of finishing', until(isStopped));
    await studio.kill();
    await lock.query('COMMIT');
    await finishing;
    await studio.start();
    const result = await fetch(`${location}/result`, { headers: tus() });
    expect(result.status).toBe(200);
    expect(await madeOf(bytes)).toBe(1);
    expect(readdirSync(path.join(studio.data, 'uploads'))).toEqual([]);
  } finally {
    lock.release(true);
    await database.close();
  }
});

const tus = () => ({ 'tus-resumable': '1.0.0', authorization: `Bearer ${studio.token}` });

/** The address of what tus-js-client has sent. */
function byTusJs(bytes: Uint8Array, options: Partial<UploadOptions>): Promise<string> {
  return new Promise((resolve, reject) => {
    const upload: Upload = new Upload(Buffer.from(bytes), {
      endpoint: `${studio.url}/api/uploads`,
      headers: { authorization: `Bearer ${studio.token}` },
      metadata: { filename: 'official.wav' },
      retryDelays: null,
      ...options,
      onError: reject,
      onSuccess: () => resolve(upload.url as string),
    });
    upload.start();
  });
}

describe("tus' own clients", () => {
  test.each([
    ['in one piece', {}],
    ['in pieces', { chunkSize: 20_000 }],
    ['with the creation', { uploadDataDuringCreation: true }],
    ['in pieces with the creation', { uploadDataDuringCreation: true, chunkSize: 20_000 }],
    ['by POST in place of PATCH', { overridePatchMethod: true, chunkSize: 50_000 }],
  ])('JavaScript, %s', async (_, options) => {
    const bytes = recording(3);
    const result = await fetch(`${await byTusJs(bytes, options)}/result`, { headers: tus() });
    expect(await result.json()).toMatchObject({ hash: sha256(bytes), name: 'official.wav' });
    expect(await madeOf(bytes)).toBe(1);
  });

  test('JavaScript, calling an upload off', async () => {
    const bytes = recording(3);
    const folder = path.join(studio.data, 'uploads');
    const url = await new Promise<string>((resolve, reject) => {
      const upload: Upload = new Upload(Buffer.from(bytes), {
        endpoint: `${studio.url}/api/uploads`,
        headers: { authorization: `Bearer ${studio.token}` },
        chunkSize: 30_000,
        onChunkComplete: () => void upload.abort(true).then(() => resolve(upload.url as string), reject),
        onError: reject,
      });
      upload.start();
    });
    expect((await fetch(url, { method: 'HEAD', headers: tus() })).status).toBe(404);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('JavaScript, telling why a file is refused', async () => {
    const refused = await byTusJs(recording(3).subarray(0, 50_001), {}).catch((thrown: unknown) => thrown);
    expect(refused).toBeInstanceOf(DetailedError);
    expect((refused as DetailedError).originalResponse?.getBody()).toContain('damaged-media');
  });

  const python = pythonWithTus();
  test.skipIf('skipped' in python)(`Python${'skipped' in python ? ` (skipped: ${python.skipped})` : ''}`, () => {
    const bytes = recording(3);
    const file = path.join(temporaryFolder('tuspy'), 'official.wav');
    writeFileSync(file, bytes);
    const program = `
import sys
from tusclient import client
made = client.TusClient(sys.argv[1] + '/api/uploads', headers={'authorization': 'Bearer ' + sys.argv[2]})
upload = made.uploader(sys.argv[3], chunk_size=20000, metadata={'filename': 'official.wav'})
upload.upload(stop_at=40000)
# Another process takes it up again by its address alone.
again = made.uploader(sys.argv[3], chunk_size=20000, url=upload.url)
assert again.offset == 40000, again.offset
again.upload()
assert made.uploader(sys.argv[3], url=upload.url).offset == again.get_file_size()
print(upload.url)`;
    const ran = spawnSync('path' in python ? python.path : '', ['-c', program, studio.url, studio.token, file], { encoding: 'utf8', timeout: 300_000 });
    expect(ran.status, ran.stderr).toBe(0);
    return fetch(`${ran.stdout.trim()}/result`, { headers: tus() }).then(async (result) => expect(await result.json()).toMatchObject({ hash: sha256(bytes) }));
  });
});

/** A Python that has tus-py-client: this machine's own, or one made for the test in a folder that is kept. */
function pythonWithTus(): { path: string } | { skipped: string } {
  const has = (python: string) => spawnSync(python, ['-c', 'import tusclient']).status === 0;
  if (has('python3')) return { path: 'python3' };
  const folder = process.env.ATELIER_TEST_PYTHON;
  if (!folder) return { skipped: 'python3 has no tuspy; with ATELIER_TEST_PYTHON=FOLDER it is installed there' };
  mkdirSync(folder, { recursive: true });
  const own = path.join(folder, 'bin', 'python3');
  if (!has(own)) {
    spawnSync('python3', ['-m', 'venv', folder]);
    spawnSync(own, ['-m', 'pip', 'install', '--quiet', 'tuspy==1.1.0']);
  }
  return has(own) ? { path: own } : { skipped: 'tuspy could not be installed' };
}
