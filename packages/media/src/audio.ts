import { AtelierError, limits } from '@atelier/protocol';
import decoders from 'audio-decode';
import { declaredFlacSamples, requireWholeAudio } from './audio-whole.ts';
import { resample } from './resample.ts';
import { sniffMediaType } from './sniff.ts';

/** Sound of one channel: samples in -1 to 1. */
export interface MonoSound {
  readonly samples: Float32Array;
  /** Samples a second. */
  readonly sampleRate: number;
}

/**
 * Decodes a recording to one channel at a sample rate of choice.
 * Read are WAV, MP3, Ogg (Vorbis and Opus), FLAC, M4A and MP4 (AAC, ALAC, Opus), ADTS AAC, and WebM and Matroska (Opus, Vorbis and others): so what the
 * MediaRecorder of Chromium (webm/opus), Firefox (webm or ogg with Opus) and Safari (fragmented mp4/aac) writes. Channels are averaged.
 * @param bytes of the whole file
 * @param sampleRate samples a second that the result shall have, such as 16000
 * @throws AtelierError `unsupported-media` for other kinds, `damaged-media` where bytes are missing or wrong, `too-large` over the limits
 * @example const { samples } = await decodeAudio(await readFile('note.webm'), 16000);
 */
export async function decodeAudio(bytes: Uint8Array, sampleRate: number): Promise<MonoSound> {
  const mediaType = sniffMediaType(bytes);
  const decoder = decoderFor(mediaType, bytes);
  if (bytes.length > limits.audioBytes) throw tooLong(`The recording has ${bytes.length} bytes; at most ${limits.audioBytes} are read.`);
  requireWholeAudio(bytes, mediaType as string);
  const declared = mediaType === 'audio/flac' ? declaredFlacSamples(bytes) : undefined;
  if (declared !== undefined && declared.samples / declared.sampleRate > limits.audioSeconds) throw overSeconds();
  const sound = await decodeToMono(bytes, decoder);
  if (sound.samples.length === 0) throw damaged('it holds no sound');
  if (declared !== undefined && sound.samples.length < declared.samples) throw damaged('its end is missing');
  if (!sound.samples.every(Number.isFinite)) throw damaged('it holds values that are not numbers');
  return { samples: resample(sound.samples, sound.sampleRate, sampleRate), sampleRate };
}

const decoderNames = {
  'audio/wav': 'wav',
  'audio/mpeg': 'mp3',
  'audio/flac': 'flac',
  'audio/aac': 'aac',
  'audio/mp4': 'm4a',
  'video/mp4': 'm4a',
  'audio/webm': 'webm',
  'video/webm': 'webm',
  'video/x-matroska': 'webm',
} as const;

type DecoderName = (typeof decoderNames)[keyof typeof decoderNames] | 'oga' | 'opus';

function decoderFor(mediaType: string | undefined, bytes: Uint8Array): DecoderName {
  if (mediaType === 'audio/ogg') {
    const head = Buffer.from(bytes.subarray(0, 256)).toString('latin1');
    if (head.includes('OpusHead')) return 'opus';
    if (head.includes('\x01vorbis')) return 'oga';
  } else if (mediaType !== undefined && mediaType in decoderNames) return decoderNames[mediaType as keyof typeof decoderNames];
  throw new AtelierError('unsupported-media', `This is not sound that can be read here${mediaType === undefined ? '' : `, but ${mediaType}`}.`, {
    hint: 'Give a WAV, MP3, Ogg, FLAC, M4A or WebM file.',
  });
}

/** How much is decoded before its length is looked at: small enough that no file can fill the memory unseen. MP4 has its table of contents anywhere and goes in whole. */
const bytesAtOnce = 16 * 1024;

async function decodeToMono(bytes: Uint8Array, name: DecoderName): Promise<MonoSound> {
  const decode = await decoders[name]();
  const parts: Float32Array[] = [];
  let sampleRate = 0;
  let length = 0;
  const keep = (part: { channelData: Float32Array[]; sampleRate: number }) => {
    if (part.channelData.length === 0) return;
    sampleRate = part.sampleRate;
    const mono = averaged(part.channelData);
    parts.push(mono);
    length += mono.length;
    if (length > limits.audioSeconds * sampleRate) throw overSeconds();
  };
  try {
    const step = name === 'm4a' ? bytes.length : bytesAtOnce;
    for (let from = 0; from < bytes.length; from += step) keep(await decode(bytes.subarray(from, from + step)));
    keep(await decode());
  } catch (cause) {
    if (cause instanceof AtelierError) throw cause;
    throw damaged(cause instanceof Error ? cause.message : String(cause), cause);
  } finally {
    decode.free();
  }
  const samples = new Float32Array(length);
  let offset = 0;
  for (const part of parts) {
    samples.set(part, offset);
    offset += part.length;
  }
  return { samples, sampleRate };
}

function averaged(channels: readonly Float32Array[]): Float32Array {
  const [first = new Float32Array()] = channels;
  if (channels.length === 1) return first.slice();
  return first.map((_, i) => channels.reduce((sum, channel) => sum + (channel[i] ?? 0), 0) / channels.length);
}

/** Seconds of the piece whose loudness is looked at, and the loudness below which it counts as silence: -52 dB of full scale. */
const silenceWindowSeconds = 0.1;
const silenceRms = 0.0025;

/**
 * Whether a recording is silent throughout: no tenth of a second is louder than -52 dB of full scale (root mean square, a constant offset taken off).
 * Speech recognisers make up words for silence; a quiet room through a common microphone lies near -60 dB, low speech near -40 dB.
 */
export function isSilent({ samples, sampleRate }: MonoSound): boolean {
  const size = Math.max(1, Math.round(silenceWindowSeconds * sampleRate));
  for (let from = 0; from < samples.length; from += size) {
    const piece = samples.subarray(from, from + size);
    const mean = piece.reduce((sum, value) => sum + value, 0) / piece.length;
    const energy = piece.reduce((sum, value) => sum + (value - mean) ** 2, 0) / piece.length;
    if (Math.sqrt(energy) > silenceRms) return false;
  }
  return true;
}

function overSeconds(): AtelierError {
  return tooLong(`The recording is longer than ${limits.audioSeconds / 60} minutes.`);
}

function tooLong(message: string): AtelierError {
  return new AtelierError('too-large', message, { hint: 'Cut the recording into shorter pieces.' });
}

function damaged(why: string, cause?: unknown): AtelierError {
  return new AtelierError('damaged-media', `The recording is incomplete or damaged: ${why}.`, {
    hint: 'Copy or record it again; it may have been cut off on its way.',
    cause,
  });
}
