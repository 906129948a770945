import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodePng, encodeWav } from '@atelier/media';
import { afterAll, expect, test } from 'vitest';
import { inspectFile } from './inspect-file.ts';
import { createMediaReader } from './media-reader.ts';

const folder = await mkdtemp(join(tmpdir(), 'atelier-media-'));
const reader = createMediaReader();
afterAll(async () => {
  await reader.close();
  await rm(folder, { recursive: true });
});

let files = 0;
async function fileOf(bytes: Uint8Array): Promise<string> {
  const path = join(folder, String(files++));
  await writeFile(path, bytes);
  return path;
}

const inspect = async (bytes: Uint8Array) => inspectFile(reader, await fileOf(bytes), null);
const fixture = (name: string) => readFile(new URL(`../../../../../packages/media/fixtures/${name}`, import.meta.url));
const dot = () => encodePng({ width: 40, height: 30, data: new Uint8Array(40 * 30 * 3).fill(90) });

const [rate, block] = [192_000, 65_535];

/** CRCs of FLAC (RFC 9639, 9.1.8 and 9.3). */
function crc(bytes: readonly number[], bits: 8 | 16, polynomial: number): number {
  let value = 0;
  for (const byte of bytes) {
    value ^= byte << (bits - 8);
    for (let i = 0; i < 8; i++) value = value & (1 << (bits - 1)) ? ((value << 1) ^ polynomial) & (2 ** bits - 1) : (value << 1) & (2 ** bits - 1);
  }
  return value;
}

/** The UTF-8-like number of a frame (RFC 9639, 9.1.5). */
function frameNumber(value: number): number[] {
  if (value < 0x80) return [value];
  if (value < 0x800) return [0xc0 | (value >> 6), 0x80 | (value & 63)];
  return [0xe0 | (value >> 12), 0x80 | ((value >> 6) & 63), 0x80 | (value & 63)];
}

/** Silence as FLAC: frames of 65,535 samples that hold one value each, so that hours take kilobytes. 192 kHz, 16 bits. Without a promise its head leaves the length open. */
function flacOfSilence(seconds: number, channels: number, promised = Math.ceil((seconds * rate) / block) * (block / rate)): Uint8Array {
  const info = Buffer.alloc(42);
  info.write('fLaC', 'latin1');
  info.writeUInt32BE(0x8000_0022, 4);
  info.writeUInt16BE(block, 8);
  info.writeUInt16BE(block, 10);
  info.writeBigUInt64BE((BigInt(rate) << 44n) | (BigInt(channels - 1) << 41n) | (15n << 36n) | BigInt(Math.round(promised * rate)), 18);
  const frames = Array.from({ length: Math.ceil((seconds * rate) / block) }, (_, number) => {
    const head = [0xff, 0xf8, 0x73, ((channels - 1) << 4) | 0x08, ...frameNumber(number), (block - 1) >> 8, (block - 1) & 255];
    const frame = [...head, crc(head, 8, 0x07), ...Array.from({ length: channels }, () => [0, 0, 0]).flat()];
    const check = crc(frame, 16, 0x8005);
    return Buffer.from([...frame, check >> 8, check & 255]);
  });
  return Buffer.concat([info, ...frames]);
}

test('a FLAC of kilobytes that decodes to gigabytes is read or refused without the coordinator growing', async () => {
  const before = process.memoryUsage.rss();
  let most = 0;
  const watching = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss() - before);
  }, 20);
  const long = flacOfSilence(900, 1);
  expect(long.length).toBeLessThan(60_000);
  expect((await inspect(long)).dimensions?.seconds).toBeCloseTo(900, 0);
  await expect(inspect(flacOfSilence(1, 8, 1_900))).rejects.toMatchObject({ code: 'too-large' });
  expect((await inspect(flacOfSilence(100, 2, 0))).dimensions?.seconds).toBeCloseTo(100, -1);
  clearInterval(watching);
  expect(most).toBeLessThan(100 * 1024 ** 2);
});

test('a kind is told by the streams inside of a file', async () => {
  expect(await inspect(await fixture('film.mp4'))).toEqual({ mediaType: 'video/mp4', dimensions: null });
  expect(await inspect(await fixture('tone.m4a'))).toMatchObject({ mediaType: 'audio/mp4' });
  const phone = Buffer.from(await fixture('tone.m4a'));
  phone.write('mp42', 8, 'latin1');
  expect(await inspect(phone)).toMatchObject({ mediaType: 'audio/mp4', dimensions: { seconds: expect.closeTo(1, 1) } });
  expect(await inspect(await fixture('tone.mka'))).toMatchObject({ mediaType: 'audio/x-matroska', dimensions: { seconds: expect.closeTo(1, 1) } });
  expect(await inspect(await dot())).toEqual({ mediaType: 'image/png', dimensions: { width: 40, height: 30 } });
});

/** A reader in the middle of a long file. */
async function reading() {
  const own = createMediaReader();
  const outcome = own.inspect(await fileOf(flacOfSilence(1_700, 1)), 'audio/flac').catch((thrown: unknown) => thrown);
  await expect.poll(() => own.processes()).toHaveLength(1);
  return { own, outcome, pid: own.processes()[0] as number };
}

test('a file that breaks its process is damaged, it alone, and the next one is read', async () => {
  const { own, outcome, pid } = await reading();
  process.kill(pid, 'SIGSEGV');
  expect(await outcome).toMatchObject({ code: 'damaged-media' });
  const picture = await fileOf(await dot());
  expect((await own.shrink(picture, 20)).length).toBeGreaterThan(20);
  await own.close();
  expect(own.processes().filter(runs)).toEqual([]);
});

test('a file is not blamed for the end of its process by another program, or by a stop of the studio', async () => {
  const killed = await reading();
  process.kill(killed.pid, 'SIGKILL');
  expect(await killed.outcome).toMatchObject({ code: 'unavailable' });
  await killed.own.close();
  const stopped = await reading();
  await stopped.own.close();
  expect(await stopped.outcome).toMatchObject({ code: 'unavailable' });
});

test('a process whose memory grows over its bound ends, and its file is refused as too large', async () => {
  const own = createMediaReader({ mostBytes: 48 * 1024 ** 2 });
  await expect(own.inspect(await fileOf(await dot()), 'image/png')).rejects.toMatchObject({ code: 'too-large', message: expect.stringContaining('memory') });
  await own.close();
});

test('a file that takes too long is given up, and its process with it', async () => {
  const own = createMediaReader({ mostMs: 1 });
  await expect(own.inspect(await fileOf(await dot()), 'image/png')).rejects.toMatchObject({ code: 'timeout' });
  await own.close();
});

test('many files at once are read by few processes, and one process stays for the next', async () => {
  const [picture, sound] = [await fileOf(await dot()), await fileOf(encodeWav({ samples: new Float32Array(8000).fill(0.1), sampleRate: 8000 }))];
  let most = 0;
  const counting = setInterval(() => {
    most = Math.max(most, reader.processes().length);
  }, 5);
  const answers = await Promise.all(
    Array.from({ length: 24 }, (_, i) => (i % 2 === 0 ? reader.inspect(picture, 'image/png') : reader.inspect(sound, 'audio/wav'))),
  );
  clearInterval(counting);
  expect(answers).toHaveLength(24);
  expect(most).toBeLessThanOrEqual(2);
  const [kept] = reader.processes();
  await reader.shrink(picture, 16);
  expect(reader.processes()).toContain(kept);
});

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
