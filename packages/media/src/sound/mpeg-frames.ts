/** The head of one frame of MPEG audio (layers I to III) or of AAC in ADTS, which need no container. */
export interface FrameHead {
  /** Bytes of the whole frame. */
  readonly length: number;
  /** Kind, rate and whether there is one channel: alike in all frames of one recording. */
  readonly kind: string;
}

/** Kilobits a second by layer, of MPEG-1 and of the half rates of MPEG-2 and 2.5 (ISO/IEC 11172-3, 2.4.2.3, and 13818-3, 2.4.2.3). */
const bitRates: Readonly<Record<string, readonly number[]>> = {
  '1/1': [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  '1/2': [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  '1/3': [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  '2/1': [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  '2/2': [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  '2/3': [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};

/** Samples a second of MPEG-1; MPEG-2 has half of them, and MPEG-2.5 a quarter. */
const sampleRates = [44_100, 48_000, 32_000];

/** The frame that begins at a place; undefined if none does. Of frames in free format the length is not told, so they are none here. */
export function frameAt(bytes: Uint8Array, at: number): FrameHead | undefined {
  const byte = (place: number) => bytes[at + place] ?? 0;
  if (byte(0) !== 0xff || (byte(1) & 0xe0) !== 0xe0) return undefined;
  const [second, third, fourth] = [byte(1), byte(2), byte(3)];
  if ((second & 0xf6) === 0xf0) {
    const length = ((fourth & 3) << 11) | (byte(4) << 3) | (byte(5) >> 5);
    const kind = `adts ${third & 0xfc} ${third & 1} ${fourth & 0xc0}`;
    return length < 8 || ((third >> 2) & 15) > 12 ? undefined : { length, kind };
  }
  const version = (second >> 3) & 3;
  const layer = 4 - ((second >> 1) & 3);
  const rate = sampleRates[(third >> 2) & 3];
  const bitRate = bitRates[`${version === 3 ? 1 : 2}/${layer}`]?.[(third >> 4) - 1];
  if (version === 1 || rate === undefined || bitRate === undefined) return undefined;
  const sampleRate = rate >> (version === 3 ? 0 : version === 2 ? 1 : 2);
  const padding = (third >> 1) & 1;
  const bytesOf = (factor: number) => Math.floor((factor * 1000 * bitRate) / sampleRate);
  const length = layer === 1 ? 4 * (bytesOf(12) + padding) : bytesOf(layer === 3 && version !== 3 ? 72 : 144) + padding;
  return { length, kind: `mpeg ${version} ${layer} ${sampleRate} ${fourth >> 6 === 3}` };
}
