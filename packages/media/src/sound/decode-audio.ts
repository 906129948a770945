import { AtelierError, limits } from '@atelier/protocol';
import type { DecodedPart } from './decoded-part.ts';
import { endCutClusters, extentOf } from './extent.ts';
import { type Link, linksOf } from './links.ts';
import { mixChannels } from './mix.ts';
import type { MonoSound } from './mono-sound.ts';
import { type OpenedTrack, openTrack } from './open-track.ts';
import { decodeTrack } from './packet-decoders.ts';
import { cutOff, damaged, notSound, overSeconds, tooLong } from './refusals.ts';
import { joined, Resampler } from './resample.ts';
import { isWav, missingWavBytes, tidyWav } from './wav-chunks.ts';

export interface DecodeOptions {
  /** Whether what is whole of a recording that lost its end is taken; otherwise it is refused, and the error says how much is whole. */
  readonly takesCut?: boolean;
}

/**
 * Decodes a recording, or the sound of a film, to one channel at a sample rate of choice. docs/formats.md lists what is read.
 * Several recordings one behind the other in a file, of whatever rates, are heard one after the other. Channels are brought to one as {@link mixChannels} does.
 * @param bytes of the whole file
 * @param sampleRate samples a second that the result shall have, such as 16000
 * @throws AtelierError `unsupported-media` for other kinds, `damaged-media` if bytes are missing or wrong, `too-large` over the limits
 * @example const { samples } = await decodeAudio(await readFile('note.webm'), 16000);
 */
export async function decodeAudio(bytes: Uint8Array, sampleRate: number, { takesCut = false }: DecodeOptions = {}): Promise<MonoSound> {
  const heard = new Heard(sampleRate, true);
  await hearAll(bytes, heard, takesCut);
  return { samples: heard.mixed(), sampleRate };
}

/** What the number of samples of a recording is measured by if nobody asks for a rate: that of speech recognisers. */
const nominalRate = 16_000;

/**
 * Decodes a recording to its end and keeps nothing of it.
 * @returns its length in seconds
 * @throws AtelierError as {@link decodeAudio}
 */
export async function measureAudio(bytes: Uint8Array): Promise<number> {
  const heard = new Heard(nominalRate, false);
  await hearAll(bytes, heard, false);
  return heard.seconds;
}

async function hearAll(bytes: Uint8Array, heard: Heard, takesCut: boolean): Promise<void> {
  if (bytes.length > limits.audioBytes) throw tooLong(`The recording has ${bytes.length} bytes; at most ${limits.audioBytes} are read.`);
  const links = linksOf(bytes);
  if (links.length === 0) throw bytes.length === 0 ? notSound() : damaged('no whole page of its Ogg stream is there');
  for (const link of links) {
    const missing = (await hearLink(link, heard)) ?? (link.isCut ? {} : undefined);
    if (missing !== undefined && !takesCut) throw cutOff(heard.seconds, missing.declaredSeconds);
  }
  if (heard.seconds === 0) throw damaged('it holds no sound');
}

/** @returns what is missing at its end, if something is */
async function hearLink({ bytes, mayBeRubbish }: Link, heard: Heard): Promise<Missing | undefined> {
  const opening = openTrack(endCutClusters(tidyWav(bytes)));
  const opened = await (mayBeRubbish ? opening.catch(() => undefined) : opening);
  return opened && hearStream(opened, bytes, heard);
}

/** That the end of a stream is missing, and how long it would have been if that is known. */
interface Missing {
  readonly declaredSeconds?: number;
}

/** What may be missing at the end of a stream: the frame in which it was cut, and what encoders count otherwise than readers. */
const lastFrameSeconds = 0.15;
/** Of a hundred packets, how many may be broken. */
const mostFailures = 5;
/** So many may be broken at the beginning before nothing more is tried. */
const fewFailures = 64;

const tooBroken = (failures: number, packets: number) => damaged(`${failures} of its ${packets} packets cannot be decoded`);

/** Hears one stream to its end. @returns what is missing at its end, if something is */
async function hearStream(opened: OpenedTrack, bytes: Uint8Array, heard: Heard): Promise<Missing | undefined> {
  heard.requireRoom(opened);
  const before = heard.seconds;
  let [packets, failures] = [0, 0];
  const watch = () => {
    packets += 1;
  };
  let isBroken = false;
  try {
    for await (const part of decodeTrack(opened, watch)) {
      failures += part.failures;
      // A broken packet costs more time than a whole one.
      if (failures > fewFailures && 2 * failures > packets) throw tooBroken(failures, packets);
      heard.add(part);
    }
  } catch (cause) {
    if (cause instanceof AtelierError) throw cause;
    if (heard.seconds === before) throw damaged(cause instanceof Error ? cause.message : String(cause), cause);
    isBroken = true;
  }
  if (failures > Math.max(1, (mostFailures * packets) / 100)) throw tooBroken(failures, packets);
  return isBroken ? declaredOf(opened) : missingOf(bytes, opened, heard.seconds - before);
}

const declaredOf = ({ declaredSeconds }: OpenedTrack): Missing => (declaredSeconds === undefined ? {} : { declaredSeconds });

function missingOf(bytes: Uint8Array, opened: OpenedTrack, seconds: number): Missing | undefined {
  if (isWav(bytes)) {
    const lost = missingWavBytes(bytes) / (opened.sampleRate * opened.channels * wavSampleBytes(opened.codec));
    return lost > lastFrameSeconds ? { declaredSeconds: seconds + lost } : undefined;
  }
  if (opened.declaredSeconds === undefined) return (extentOf(bytes)?.missing ?? 0) > 0 ? {} : undefined;
  return opened.declaredSeconds - seconds > lastFrameSeconds ? declaredOf(opened) : undefined;
}

/** Bytes of one sample of `pcm-s24` and its like; of A-law and mu-law one. */
const wavSampleBytes = (codec: string) => Number(/\d+/.exec(codec)?.[0] ?? 8) / 8;

/** Sound at the asked rate, in pieces of one rate and number of channels. */
class Heard {
  readonly #sampleRate: number;
  readonly #keeps: boolean;
  readonly #pieces: Piece[] = [];
  #samples = 0;
  seconds = 0;

  /** @param keeps whether samples are kept, or only counted */
  constructor(sampleRate: number, keeps: boolean) {
    this.#sampleRate = sampleRate;
    this.#keeps = keeps;
  }

  /** Refuses what is too long by its own head, before any of it is decoded. @throws AtelierError `too-large` */
  requireRoom({ declaredSeconds = 0, channels }: OpenedTrack): void {
    this.#requireBounds(this.seconds + declaredSeconds, this.#samples + declaredSeconds * channels * this.#sampleRate, channels);
  }

  #requireBounds(seconds: number, samples: number, channels: number): void {
    if (seconds > limits.audioSeconds + lastFrameSeconds) throw overSeconds();
    if (samples > limits.audioSamples) throw tooLong(`The recording has too many channels (${channels}) for its length.`);
  }

  /** @throws AtelierError `too-large` before more is held than is allowed */
  add({ channels, sampleRate }: DecodedPart): void {
    const length = channels[0]?.length ?? 0;
    if (length === 0) return;
    // What a decoder says of its sound need not be what the head of the file says.
    if (sampleRate > limits.audioSampleRate) throw damaged(`it has ${sampleRate} samples a second, and at most ${limits.audioSampleRate} are read`);
    this.seconds += length / sampleRate;
    this.#samples += (channels.length * length * this.#sampleRate) / sampleRate;
    this.#requireBounds(this.seconds, this.#samples, channels.length);
    if (!channels.every(isFiniteThroughout)) throw damaged('it holds values that are not numbers');
    if (!this.#keeps) return;
    let piece = this.#pieces.at(-1);
    if (piece?.sampleRate !== sampleRate || piece.channels.length !== channels.length) {
      piece = { sampleRate, channels: channels.map(() => ({ resampler: new Resampler(sampleRate, this.#sampleRate), parts: [] })) };
      this.#pieces.push(piece);
    }
    for (const [i, { resampler, parts }] of piece.channels.entries()) parts.push(resampler.push(channels[i] as Float32Array));
  }

  /** All pieces, each brought to one channel. Ends the collecting. */
  mixed(): Float32Array {
    return joined(
      this.#pieces.map(({ channels }) =>
        mixChannels(
          channels.map(({ resampler, parts }) => joined([...parts, resampler.end()])),
          this.#sampleRate,
        ),
      ),
    );
  }
}

/** A sum is a number only if all of its terms are. */
function isFiniteThroughout(samples: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += samples[i] as number;
  return Number.isFinite(sum);
}

interface Piece {
  readonly sampleRate: number;
  readonly channels: ReadonlyArray<{ readonly resampler: Resampler; readonly parts: Float32Array[] }>;
}
