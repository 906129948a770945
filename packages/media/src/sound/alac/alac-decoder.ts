import { Bits } from './bits.ts';
import { undoPrediction } from './prediction.ts';
import { type ResidualCoding, readResiduals } from './residuals.ts';

/** ALACSpecificConfig: the head of a track. */
export interface AlacConfig {
  readonly samplesInPacket: number;
  readonly bits: number;
  readonly channels: number;
  readonly sampleRate: number;
  readonly coding: ResidualCoding;
}

/** At most so many samples are in a packet; encoders write 4096. */
const mostSamples = 65_536;

/** @param cookie of 24 bytes @returns undefined if it cannot be one */
export function alacConfig(cookie: Uint8Array): AlacConfig | undefined {
  if (cookie.length < 24) return undefined;
  const view = new DataView(cookie.buffer, cookie.byteOffset, cookie.length);
  const samplesInPacket = view.getUint32(0);
  const bits = view.getUint8(5);
  const channels = view.getUint8(9);
  const sampleRate = view.getUint32(20);
  const isRight = samplesInPacket >= 1 && samplesInPacket <= mostSamples && [16, 20, 24, 32].includes(bits) && channels >= 1 && channels <= 8 && sampleRate > 0;
  const coding = { historyMultiplier: view.getUint8(6), initialHistory: view.getUint8(7), mostParameter: view.getUint8(8) };
  return isRight && coding.mostParameter <= 16 ? { samplesInPacket, bits, channels, sampleRate, coding } : undefined;
}

const elements = { single: 0, pair: 1, lowFrequency: 3, data: 4, fill: 6, end: 7 } as const;

/**
 * Decodes a packet of Apple Lossless, exactly. After the reference that Apple published under Apache-2.0; packages for JavaScript are unkept or under the GPL.
 * @returns a plane a channel, from -1 to 1
 * @throws RangeError if the packet is broken
 */
export function decodeAlac(packet: Uint8Array, config: AlacConfig): Float32Array[] {
  const bits = new Bits(packet);
  const planes: Float32Array[] = [];
  for (let tag = bits.read(3); tag !== elements.end; tag = bits.left < 3 ? elements.end : bits.read(3)) {
    switch (tag) {
      case elements.single:
      case elements.lowFrequency:
        planes.push(...readElement(bits, config, 1));
        break;
      case elements.pair:
        planes.push(...readElement(bits, config, 2));
        break;
      case elements.data:
        skipData(bits);
        break;
      case elements.fill:
        skipFill(bits);
        break;
      default:
        throw new RangeError(`an element of the kind ${tag}`);
    }
    if (planes.length > config.channels) throw new RangeError('more channels than its head tells');
  }
  if (planes.length !== config.channels || planes.some(({ length }) => length !== planes[0]?.length)) throw new RangeError('channels are missing');
  return planes;
}

function skipData(bits: Bits): void {
  bits.skip(4);
  const isAligned = bits.read(1) === 1;
  const count = bits.read(8);
  const bytes = count === 255 ? count + bits.read(8) : count;
  if (isAligned) bits.toByte();
  bits.skip(bytes * 8);
}

function skipFill(bits: Bits): void {
  const count = bits.read(4);
  bits.skip((count === 15 ? count + bits.read(8) - 1 : count) * 8);
}

function readElement(bits: Bits, config: AlacConfig, channels: 1 | 2): Float32Array[] {
  bits.skip(4);
  if (bits.read(12) !== 0) throw new RangeError('bits that are always zero are not');
  const isPartial = bits.read(1) === 1;
  const lowBits = bits.read(2) * 8;
  const isPlain = bits.read(1) === 1;
  const length = isPartial ? bits.read(32) : config.samplesInPacket;
  if (length > config.samplesInPacket || lowBits > 16) throw new RangeError('more samples than its head tells');
  const planes = Array.from({ length: channels }, () => new Int32Array(length));
  if (isPlain) readPlain(bits, planes, config.bits);
  else readCompressed(bits, planes, config, lowBits);
  const scale = 2 ** (1 - config.bits);
  return planes.map((plane) => Float32Array.from(plane, (sample) => sample * scale));
}

function readPlain(bits: Bits, planes: readonly Int32Array[], sampleBits: number): void {
  const [{ length }] = planes as [Int32Array];
  for (let i = 0; i < length; i++) for (const plane of planes) plane[i] = bits.readSigned(sampleBits);
}

function readCompressed(bits: Bits, planes: readonly Int32Array[], config: AlacConfig, lowBits: number): void {
  const [{ length }] = planes as [Int32Array];
  const sampleBits = config.bits - lowBits + planes.length - 1;
  if (sampleBits > 32 || sampleBits < 1) throw new RangeError('samples of too many bits');
  const mixBits = bits.read(8);
  const mixFactor = bits.readSigned(8);
  const heads = planes.map(() => readHead(bits));
  const low = bits.fork();
  bits.skip(lowBits * length * planes.length);
  for (const [channel, plane] of planes.entries()) {
    const { isDifferentiatedTwice, shift, factor, coefficients } = heads[channel] as Head;
    readResiduals(bits, plane, sampleBits, { ...config.coding, historyMultiplier: (config.coding.historyMultiplier * factor) >> 2 });
    if (isDifferentiatedTwice) undoPrediction(plane, sampleBits, new Int16Array(31), 0);
    undoPrediction(plane, sampleBits, coefficients, shift);
  }
  const [left, right] = planes as [Int32Array, Int32Array?];
  if (right !== undefined && mixFactor !== 0) unmix(left, right, mixBits, mixFactor);
  if (lowBits > 0) for (let i = 0; i < length; i++) for (const plane of planes) plane[i] = ((plane[i] as number) << lowBits) | low.read(lowBits);
}

interface Head {
  readonly isDifferentiatedTwice: boolean;
  readonly shift: number;
  readonly factor: number;
  readonly coefficients: Int16Array;
}

function readHead(bits: Bits): Head {
  const isDifferentiatedTwice = bits.read(4) !== 0;
  const [shift, factor, order] = [bits.read(4), bits.read(3), bits.read(5)];
  return { isDifferentiatedTwice, shift, factor, coefficients: Int16Array.from({ length: order }, () => bits.readSigned(16)) };
}

/** Left and right from a weighted sum and their difference. */
function unmix(sums: Int32Array, differences: Int32Array, mixBits: number, mixFactor: number): void {
  for (let i = 0; i < sums.length; i++) {
    const difference = differences[i] as number;
    const right = (sums[i] as number) - (Math.imul(difference, mixFactor) >> mixBits);
    sums[i] = right + difference;
    differences[i] = right;
  }
}
