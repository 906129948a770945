import { AtelierError } from '@atelier/protocol';
import { FilmFile } from './film-file.ts';
import type { FormatOptions, OpenedFilm } from './film-format.ts';
import { FrameTiming, type TimedFrame } from './frame-timing.ts';
import { type RgbPicture, samePixels, sharpOf } from './picture.ts';

/** Players take shorter times for a mistake and show such frames for a tenth of a second. */
const leastMilliseconds = 11;
const riffBound = 2 ** 32 - 2;

/**
 * Animated WebP (RFC 9649, 2.7.1 and 3): every frame is encoded by itself and covers the whole canvas; the file's size is filled in at the end.
 * Neighbours of the same pixels become one frame that is shown longer.
 */
export async function openWebpWriter(path: string, { width, height, framesPerSecond }: FormatOptions): Promise<OpenedFilm> {
  const file = await FilmFile.create(path);
  await file.append(headOf(width, height));
  const timing = new FrameTiming<RgbPicture>({ framesPerSecond, ticksPerSecond: 1000, leastTicks: leastMilliseconds }, samePixels);
  const write = async (timed: TimedFrame<RgbPicture> | undefined) => {
    if (timed !== undefined) await file.append(await frameChunk(timed));
    if (file.sizeBytes > riffBound) throw tooLarge();
  };
  return {
    add: (frame) => write(timing.add(frame)),
    async close() {
      await write(timing.end());
      const size = new Uint8Array(4);
      new DataView(size.buffer).setUint32(0, file.sizeBytes - 8, true);
      await file.patch(4, size);
      await file.close();
    },
    discard: () => file.close(),
  };
}

const animated = 0x02;

function headOf(width: number, height: number): Uint8Array {
  const extended = Buffer.alloc(10);
  extended.writeUInt8(animated, 0);
  extended.writeUIntLE(width - 1, 4, 3);
  extended.writeUIntLE(height - 1, 7, 3);
  // White, should a player look for a background; and how often to repeat, where 0 is for ever.
  const animation = Buffer.from([255, 255, 255, 255, 0, 0]);
  return Buffer.concat([Buffer.from('RIFF\0\0\0\0WEBP', 'latin1'), chunkOf('VP8X', extended), chunkOf('ANIM', animation)]);
}

const withoutBlending = 0x02;

async function frameChunk({ frame, ticks }: TimedFrame<RgbPicture>): Promise<Uint8Array> {
  const head = Buffer.alloc(16);
  head.writeUIntLE(frame.width - 1, 6, 3);
  head.writeUIntLE(frame.height - 1, 9, 3);
  head.writeUIntLE(Math.min(ticks, 0xff_ffff), 12, 3);
  head.writeUInt8(withoutBlending, 15);
  const still = await sharpOf(frame).webp({ quality: 82, effort: 2 }).toBuffer();
  return chunkOf('ANMF', Buffer.concat([head, pictureChunks(still)]));
}

/** The chunks of a still file that hold its pixels. */
function pictureChunks(still: Buffer): Buffer {
  const kept: Buffer[] = [];
  for (let start = 12; start + 8 <= still.length; ) {
    const size = still.readUInt32LE(start + 4);
    const end = start + 8 + size + (size % 2);
    if (['VP8 ', 'VP8L', 'ALPH'].includes(still.toString('latin1', start, start + 4))) kept.push(still.subarray(start, end));
    start = end;
  }
  return Buffer.concat(kept);
}

function chunkOf(type: string, content: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.write(type, 'latin1');
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content, Buffer.alloc(content.length % 2)]);
}

function tooLarge(): AtelierError {
  return new AtelierError('too-large', 'A WebP holds at most 4 GiB, and this video has more.', { hint: 'Take mp4, or smaller or fewer frames.' });
}
