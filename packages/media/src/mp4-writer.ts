import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { AtelierError } from '@atelier/protocol';
import type { H264MP4Encoder } from 'h264-mp4-encoder';
import { FilmFile } from './film-file.ts';
import type { FormatOptions, OpenedFilm } from './film-format.ts';
import { samplesOf } from './mp4.ts';
import { mp4Head, ticksPerSecond } from './mp4-head.ts';
import type { RgbPicture } from './picture.ts';

/**
 * H.264's quantization parameter is 10 to 51, less is finer; at 18, flat drawings of 512 pixels show no blocks. Every frame is a key frame:
 * among others, the jump from the last, predicted frame back to the first shows as a pulse each time a quiet loop begins again.
 */
const quality = { quantizationParameter: 18, groupOfPictures: 1, speed: 2 };
/** Pixels that are encoded before the encoder's memory is emptied. */
const pixelsPerPart = 8 * 1024 ** 2;

/**
 * MP4 (H.264). The encoder keeps what it has written in memory, so it is emptied every few frames, and its samples, all of them
 * key frames, wait in a second file until their number is known and the head can be written before them. What grows with the film is four bytes a frame.
 * @throws AtelierError `invalid-input` for an odd side
 */
export async function openMp4Writer(path: string, { width, height, framesPerSecond }: FormatOptions): Promise<OpenedFilm> {
  if (width % 2 !== 0 || height % 2 !== 0) {
    throw new AtelierError('invalid-input', `An MP4 needs even sides, not ${width} x ${height}.`, { hint: 'Take webp or gif, or enlarge the frames.' });
  }
  const film = await FilmFile.create(path);
  const samples = await FilmFile.create(`${path}.samples`);
  const encoder = new PartEncoder(await createEncoder(), width, height);
  const sampleSizes: number[] = [];
  let description: Uint8Array | undefined;
  const takePart = async () => {
    const part = encoder.takePart();
    if (part === undefined) return;
    sampleSizes.push(...part.sizes);
    description ??= part.description.slice();
    await samples.append(part.bytes);
  };
  const release = async () => {
    encoder.close();
    await samples.close();
    await rm(samples.path);
    await film.close();
  };
  return {
    async add(frame) {
      encoder.add(frame);
      if (encoder.isFull) await takePart();
    },
    async close() {
      await takePart();
      const frameTicks = Math.round(ticksPerSecond / framesPerSecond);
      await film.append(mp4Head({ width, height, frameTicks, sampleSizes, description: description as Uint8Array }));
      await film.appendFile(samples);
      await release();
    },
    discard: release,
  };
}

/** One encoder that makes a small film of its own of every few frames. */
class PartEncoder {
  readonly #encoder: H264MP4Encoder;
  readonly #size: { readonly width: number; readonly height: number };
  readonly #rgba: Uint8Array;
  readonly #framesPerPart: number;
  #count = 0;

  constructor(encoder: H264MP4Encoder, width: number, height: number) {
    this.#encoder = encoder;
    this.#size = { width, height };
    this.#rgba = new Uint8Array(width * height * 4).fill(255);
    this.#framesPerPart = Math.max(1, Math.floor(pixelsPerPart / (width * height)));
  }

  get isFull(): boolean {
    return this.#count >= this.#framesPerPart;
  }

  add({ data }: RgbPicture): void {
    if (this.#count === 0) {
      // Times are ours to write; the rate only serves the encoder's own head, which is thrown away.
      Object.assign(this.#encoder, { ...this.#size, frameRate: 25, ...quality });
      this.#encoder.initialize();
    }
    for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
      this.#rgba[to] = data[from] as number;
      this.#rgba[to + 1] = data[from + 1] as number;
      this.#rgba[to + 2] = data[from + 2] as number;
    }
    this.#encoder.addFrameRgba(this.#rgba);
    this.#count += 1;
  }

  /** @returns the samples since the last part, undefined if there are none */
  takePart(): ReturnType<typeof samplesOf> | undefined {
    if (this.#count === 0) return undefined;
    this.#count = 0;
    const { FS, outputFilename } = this.#encoder;
    this.#encoder.finalize();
    const bytes = FS.readFile(outputFilename);
    FS.unlink(outputFilename);
    return samplesOf(bytes);
  }

  /** An encoder wants to have finished what it began. */
  close(): void {
    this.takePart();
    this.#encoder.delete();
  }
}

/** The package is CommonJS and says so only to bundlers; its WebAssembly is inside. */
function createEncoder(): Promise<H264MP4Encoder> {
  const { createH264MP4Encoder } = createRequire(import.meta.url)('h264-mp4-encoder') as typeof import('h264-mp4-encoder');
  return createH264MP4Encoder();
}
