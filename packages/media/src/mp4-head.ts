/** A film of one H.264 track, as its head describes it (ISO/IEC 14496-12 and 14496-15). */
export interface Mp4Track {
  readonly width: number;
  readonly height: number;
  /** Ticks of 1/90000 s that each frame is shown. */
  readonly frameTicks: number;
  /** Bytes of each frame's sample; the samples lie one behind the other. */
  readonly sampleSizes: readonly number[];
  /** The whole sample description `stsd`, as the encoder wrote it. */
  readonly description: Uint8Array;
}

export const ticksPerSecond = 90_000;

/**
 * All that comes before the samples: `ftyp`, `moov` and the head of `mdat`, so that playing can begin before all is loaded. Times of making are 0, which means unknown.
 */
export function mp4Head(track: Mp4Track): Uint8Array {
  const sampleBytes = track.sampleSizes.reduce((sum, size) => sum + size, 0);
  const isLong = sampleBytes + 16 > 0xffff_ffff;
  const dataHead = isLong ? Buffer.concat([uint32(1), text('mdat'), uint64(sampleBytes + 16)]) : Buffer.concat([uint32(sampleBytes + 8), text('mdat')]);
  const type = box('ftyp', text('isom'), uint32(0x200), text('isomiso2avc1mp41'));
  // The head's length does not depend on where the samples begin, but it says so.
  const length = type.length + movieBox(track, 0).length + dataHead.length;
  return Buffer.concat([type, movieBox(track, length), dataHead]);
}

const unityMatrix = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];

function movieBox(track: Mp4Track, samplesAt: number): Buffer {
  const duration = track.frameTicks * track.sampleSizes.length;
  const header = box(
    'mvhd',
    uint32(0x0100_0000, 0, 0, 0, 0, ticksPerSecond),
    uint64(duration),
    uint32(0x10000, 0x0100_0000, 0, 0, ...unityMatrix, 0, 0, 0, 0, 0, 0, 2),
  );
  return box('moov', header, box('trak', trackHeader(track, duration), mediaBox(track, duration, samplesAt)));
}

const enabledInMovie = 3;

function trackHeader({ width, height }: Mp4Track, duration: number): Buffer {
  const times = [uint32(0x0100_0000 | enabledInMovie, 0, 0, 0, 0, 1, 0), uint64(duration)];
  return box('tkhd', ...times, uint32(0, 0, 0, 0, ...unityMatrix, width * 0x10000, height * 0x10000));
}

const undeterminedLanguage = 0x55c4;

function mediaBox(track: Mp4Track, duration: number, samplesAt: number): Buffer {
  const header = box('mdhd', uint32(0x0100_0000, 0, 0, 0, 0, ticksPerSecond), uint64(duration), uint32(undeterminedLanguage * 0x10000));
  const handler = box('hdlr', uint32(0, 0), text('vide'), uint32(0, 0, 0), text('film\0'));
  const selfContained = box('url ', uint32(1));
  const reference = box('dinf', box('dref', uint32(0, 1), selfContained));
  return box('mdia', header, handler, box('minf', box('vmhd', uint32(1, 0, 0)), reference, sampleTable(track, samplesAt)));
}

/** One chunk of all samples, each a key frame, all shown equally long. */
function sampleTable({ sampleSizes, frameTicks, description }: Mp4Track, samplesAt: number): Buffer {
  const count = sampleSizes.length;
  const times = box('stts', uint32(0, 1, count, frameTicks));
  const chunks = box('stsc', uint32(0, 1, 1, count, 1));
  const sizes = box('stsz', uint32(0, 0, count), sizesOf(sampleSizes));
  return box('stbl', description, times, chunks, sizes, box('stco', uint32(0, 1, samplesAt)));
}

function sizesOf(sizes: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * sizes.length);
  for (const [index, size] of sizes.entries()) bytes.writeUInt32BE(size, 4 * index);
  return bytes;
}

function box(type: string, ...contents: readonly Uint8Array[]): Buffer {
  const size = contents.reduce((sum, { length }) => sum + length, 8);
  return Buffer.concat([uint32(size), text(type), ...contents]);
}

function text(characters: string): Buffer {
  return Buffer.from(characters, 'latin1');
}

function uint32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
