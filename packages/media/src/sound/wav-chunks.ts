import { textAt } from './text-at.ts';

/** The samples of a WAV: where they begin, how many bytes of them its head promises, and how many there are. */
interface WavData {
  readonly format: Uint8Array;
  readonly start: number;
  readonly promised: number;
  readonly length: number;
  /** Whether a reader that follows the letter of RIFF finds them too. */
  readonly isRegular: boolean;
}

/**
 * A WAV (RIFF, or RF64 of EBU Tech 3306) as every reader takes it: without chunks of odd length that lack their padding, and with the length of its samples. Others come back as they are.
 * @param bytes of any file
 */
export function tidyWav(bytes: Uint8Array): Uint8Array {
  const data = wavData(bytes);
  if (data === undefined || data.isRegular) return bytes;
  const head = Buffer.alloc(20 + data.format.length + 8);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(head.length - 8 + data.length, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(data.format.length, 16);
  head.set(data.format, 20);
  head.write('data', 20 + data.format.length, 'latin1');
  head.writeUInt32LE(data.length, 24 + data.format.length);
  return Buffer.concat([head, bytes.subarray(data.start, data.start + data.length)]);
}

/** Sample bytes that the head of a WAV promises and the file does not have; 0 if a writer that streams left the length open. */
export function missingWavBytes(bytes: Uint8Array): number {
  const data = wavData(bytes);
  return data === undefined ? 0 : data.promised - data.length;
}

function wavData(bytes: Uint8Array): WavData | undefined {
  if (!isWav(bytes)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const isLong = textAt(bytes, 0, 4) === 'RF64';
  let isRegular = !isLong;
  let format: Uint8Array | undefined;
  for (let offset = 12; offset + 8 <= bytes.length; ) {
    const id = textAt(bytes, offset, 4);
    const size = view.getUint32(offset + 4, true);
    const start = offset + 8;
    if (id === 'fmt ') format = bytes.subarray(start, start + size);
    if (id === 'data' && format !== undefined) {
      const told = toldBytes(view, size, isLong);
      const promised = told ?? bytes.length - start;
      return { format, start, promised, length: Math.min(promised, bytes.length - start), isRegular: isRegular && told !== undefined };
    }
    const isPadded = size % 2 === 1 && !isChunkName(bytes, start + size);
    isRegular &&= size % 2 === 0 || isPadded;
    offset = start + size + (isPadded ? 1 : 0);
  }
  return undefined;
}

export const isWav = (bytes: Uint8Array) => ['RIFF', 'RF64'].includes(textAt(bytes, 0, 4)) && textAt(bytes, 8, 4) === 'WAVE';

/** Bytes of samples, by the head of their chunk or of a long file; undefined if a writer left that open. */
function toldBytes(view: DataView, size: number, isLong: boolean): number | undefined {
  if (!isLong || size !== 0xffff_ffff) return isOpenLength(size, view.byteLength) ? undefined : size;
  // The chunk ds64 comes first: the length of the file, then that of the samples.
  const long = view.byteLength < 36 ? 0 : Number(view.getBigUint64(28, true));
  return long === 0 || !Number.isSafeInteger(long) ? undefined : long;
}

/** Left at 0 or at one of the greatest numbers (sox, ffmpeg and scipy to a pipe), or the length of the whole file with its head. */
const isOpenLength = (size: number, fileBytes: number) => size === 0 || size >= 0x7fff_f000 || Math.abs(size - fileBytes) <= 8;

const isChunkName = (bytes: Uint8Array, offset: number) => /^[\x20-\x7e]{4}$/.test(textAt(bytes, offset, 4));
