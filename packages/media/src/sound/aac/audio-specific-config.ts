import { notRead } from '../refusals.ts';

/** Kinds of AAC that the decoder takes, by audio object type (ISO/IEC 14496-3, table 1.17). */
const taken: ReadonlySet<number> = new Set([2, 4, 5, 23, 29, 39]);

const names: Readonly<Record<number, string>> = { 1: 'AAC Main', 3: 'AAC SSR', 6: 'AAC Scalable', 42: 'xHE-AAC' };

/** @throws AtelierError `unsupported-media` for a kind of AAC that is not decoded, by its name */
export function requireKind(objectType: number): void {
  if (!taken.has(objectType)) throw notRead(names[objectType] ?? `AAC of the audio object type ${objectType}`);
}

/** The kind of AAC that an AudioSpecificConfig tells (ISO/IEC 14496-3, 1.6.2.1). */
export function objectTypeOf(config: Uint8Array): number {
  const short = (config[0] ?? 0) >> 3;
  return short < 31 ? short : 32 + (((config[0] ?? 0) & 7) << 3) + ((config[1] ?? 0) >> 5);
}

/** A frame of ADTS (ISO/IEC 13818-7, 6.2): its head in words of MP4, and what it holds. */
export interface AdtsFrame {
  readonly config: Uint8Array;
  /** Raw data blocks; each begins where the one before ends. */
  readonly payload: Uint8Array;
  readonly blocks: number;
}

/**
 * @param frame with its head of 7 bytes, or 9 with a checksum
 * @returns undefined if it is none, or cut
 */
export function adtsFrame(frame: Uint8Array): AdtsFrame | undefined {
  const [sync = 0, flags = 0, kind = 0, channels = 0] = frame;
  if (frame.length < 9 || sync !== 0xff || (flags & 0xf6) !== 0xf0) return undefined;
  const objectType = (kind >> 6) + 1;
  const frequencyIndex = (kind >> 2) & 15;
  const configuration = ((kind & 1) << 2) | (channels >> 6);
  return {
    config: Uint8Array.of((objectType << 3) | (frequencyIndex >> 1), ((frequencyIndex & 1) << 7) | (configuration << 3)),
    payload: frame.subarray((flags & 1) === 1 ? 7 : 9),
    blocks: ((frame[6] ?? 0) & 3) + 1,
  };
}
