/** Files that tests build from parts: nothing here is read by the product. */
import { readFileSync } from 'node:fs';

export const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url)));

export const toneAt = (frequency: number, sampleRate: number, seconds = 1, amplitude = 0.5): Float32Array =>
  Float32Array.from({ length: Math.round(seconds * sampleRate) }, (_, i) => amplitude * Math.sin((2 * Math.PI * frequency * i) / sampleRate));

/** The amplitude of one frequency in the middle half of a sound. */
export function amplitudeOf(frequency: number, { samples, sampleRate }: { samples: Float32Array; sampleRate: number }): number {
  const piece = samples.subarray(samples.length / 4, (3 * samples.length) / 4);
  const part = (shift: number) => piece.reduce((sum, value, i) => sum + value * Math.cos((2 * Math.PI * frequency * i) / sampleRate - shift), 0);
  return (2 * Math.hypot(part(0), part(Math.PI / 2))) / piece.length;
}

/** A RIFF chunk, with the padding byte of an odd length or without it. */
export function chunk(id: string, content: Uint8Array, { isPadded = true, length = content.length } = {}): Buffer {
  const head = Buffer.alloc(8);
  head.write(id, 'latin1');
  head.writeUInt32LE(length, 4);
  return Buffer.concat([head, content, Buffer.alloc(isPadded ? content.length % 2 : 0)]);
}

export function riff(...chunks: readonly Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.from('WAVE'), ...chunks]);
  return chunk('RIFF', body, { isPadded: false });
}

/** The chunk that says what the samples of a WAV are; 3 is floating point. */
export function format(tag: number, bits: number, { channels = 1, sampleRate = 16000, extra = 0 } = {}): Buffer {
  const content = Buffer.alloc(16 + extra);
  content.writeUInt16LE(tag, 0);
  content.writeUInt16LE(channels, 2);
  content.writeUInt32LE(sampleRate, 4);
  content.writeUInt32LE((sampleRate * channels * bits) / 8, 8);
  content.writeUInt16LE((channels * bits) / 8, 12);
  content.writeUInt16LE(bits, 14);
  return chunk('fmt ', content);
}

/** Samples as whole numbers of some bits, or as floating point of 32 or 64. */
export function encoded(samples: Float32Array, bits: 8 | 16 | 24 | 32 | 64, isFloat = false): Buffer {
  const bytes = Buffer.alloc((samples.length * bits) / 8);
  const write = (value: number, at: number) => {
    if (isFloat) return bits === 32 ? bytes.writeFloatLE(value, at) : bytes.writeDoubleLE(value, at);
    if (bits === 8) return bytes.writeUInt8(Math.round(128 + 127 * value), at);
    return bytes.writeIntLE(Math.round(value * (2 ** (bits - 1) - 1)), at, bits / 8);
  };
  for (const [i, value] of samples.entries()) write(value, (i * bits) / 8);
  return bytes;
}

/** An ID3 tag of version 2.4 with some bytes in it. */
export function id3(contentBytes: number): Buffer {
  const size = [21, 14, 7, 0].map((shift) => (contentBytes >> shift) & 0x7f);
  return Buffer.concat([Buffer.from('ID3\x04\0\0', 'latin1'), Buffer.from(size), Buffer.alloc(contentBytes, 'x')]);
}
