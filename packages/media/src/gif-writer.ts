import { FilmFile } from './film-file.ts';
import type { FormatOptions, OpenedFilm } from './film-format.ts';
import { FrameTiming, type TimedFrame } from './frame-timing.ts';
import { PatternDither } from './gif-dither.ts';
import { LzwEncoder } from './gif-lzw.ts';
import { type Palette, paletteColours, paletteOf } from './gif-palette.ts';

/** Players take one hundredth of a second, or none, for a mistake and show such frames for a tenth. */
const leastHundredths = 2;
const longestDelay = 0xffff;

/** A frame as indices into the palette. */
type Indices = Uint8Array;

/**
 * GIF89a with one palette for the whole film and dithering that stays still. Of each frame only the part that changes is written. Times are in hundredths of a second.
 */
export async function openGifWriter(path: string, { width, height, framesPerSecond, sample }: FormatOptions): Promise<OpenedFilm> {
  const palette = await paletteOf(sample());
  const dither = new PatternDither(palette);
  const file = await FilmFile.create(path);
  await file.append(headOf(width, height, palette));
  const timing = new FrameTiming<Indices>({ framesPerSecond, ticksPerSecond: 100, leastTicks: leastHundredths }, (a, b) => Buffer.compare(a, b) === 0);
  const frames = new FrameEncoder(width);
  const write = async (timed: TimedFrame<Indices> | undefined) => {
    if (timed !== undefined) await file.append(...frames.encode(timed));
  };
  return {
    add: (frame) => write(timing.add(dither.apply(frame))),
    async close() {
      await write(timing.end());
      await file.append(Uint8Array.of(0x3b));
      await file.close();
    },
    discard: () => file.close(),
  };
}

/** Screen descriptor, palette, and the extension that makes players repeat it for ever. */
function headOf(width: number, height: number, palette: Palette): Uint8Array {
  const head = Buffer.alloc(13 + 3 * 256);
  head.write('GIF89a', 'latin1');
  head.writeUInt16LE(width, 6);
  head.writeUInt16LE(height, 8);
  head.writeUInt8(0xf7, 10);
  head.set(palette, 13);
  return Buffer.concat([head, Buffer.from('\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0', 'latin1')]);
}

const unchanged = paletteColours;

interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

class FrameEncoder {
  readonly #width: number;
  readonly #lzw = new LzwEncoder();
  #before: Indices | undefined;

  constructor(width: number) {
    this.#width = width;
  }

  encode({ frame, ticks }: TimedFrame<Indices>): Uint8Array[] {
    const area = this.#before === undefined ? { left: 0, top: 0, width: this.#width, height: frame.length / this.#width } : this.#changed(frame, this.#before);
    const pixels = this.#lzw.encode(cut(frame, this.#width, area)).slice();
    const sparse = this.#before === undefined ? pixels : this.#lzw.encode(cut(this.#withoutUnchanged(frame, this.#before), this.#width, area));
    this.#before = frame;
    return [frameHead(area, ticks), sparse.length < pixels.length ? sparse : pixels];
  }

  /** The least rectangle around all that changes; never empty, since equal neighbours are one frame. */
  #changed(frame: Indices, before: Indices): Area {
    const width = this.#width;
    let [left, right, top, bottom] = [width, 0, frame.length / width, 0];
    for (let pixel = 0; pixel < frame.length; pixel++) {
      if (frame[pixel] === before[pixel]) continue;
      const x = pixel % width;
      const y = (pixel - x) / width;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
    return { left, top, width: right - left + 1, height: bottom - top + 1 };
  }

  #withoutUnchanged(frame: Indices, before: Indices): Indices {
    return frame.map((index, pixel) => (index === before[pixel] ? unchanged : index));
  }
}

function cut(frame: Indices, width: number, area: Area): Indices {
  const result = new Uint8Array(area.width * area.height);
  for (let row = 0; row < area.height; row++) {
    const start = (area.top + row) * width + area.left;
    result.set(frame.subarray(start, start + area.width), row * area.width);
  }
  return result;
}

const leaveInPlace = 1 << 2;
const hasTransparency = 1;

/** A graphic control extension and an image descriptor (GIF89a, 23 and 20). */
function frameHead(area: Area, hundredths: number): Uint8Array {
  const head = Buffer.alloc(18);
  head.set([0x21, 0xf9, 4, leaveInPlace | hasTransparency]);
  head.writeUInt16LE(Math.min(hundredths, longestDelay), 4);
  head.set([unchanged, 0, 0x2c], 6);
  for (const [place, value] of [area.left, area.top, area.width, area.height].entries()) head.writeUInt16LE(value, 9 + 2 * place);
  return head;
}
