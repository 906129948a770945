import { AtelierError, limits } from '@atelier/protocol';
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input, type InputAudioTrack, Logging, LogLevel } from 'mediabunny';
import { idTagEnd, sniffMediaType } from '../sniff.ts';
import { damaged, notRead, notSound } from './refusals.ts';
import { textAt } from './text-at.ts';

// What is wrong with a file is an error of ours, with a hint, and no line on the terminal.
Logging.level = LogLevel.Silent;

/** The first sound track of a file, and what is known of it. */
export interface OpenedTrack {
  readonly track: InputAudioTrack;
  readonly packets: EncodedPacketSink;
  /** As WebCodecs names it, or `alac`. */
  readonly codec: string;
  /** As WebCodecs has it: AudioSpecificConfig, OpusHead, the head of FLAC, and so on. */
  readonly description: Uint8Array | undefined;
  readonly sampleRate: number;
  readonly channels: number;
  /** Seconds that the head of the file tells of. */
  readonly declaredSeconds: number | undefined;
  /** A FLAC file from its own mark on. */
  readonly flacFile: Uint8Array | undefined;
}

/**
 * Opens whatever a file holds; a film's sound track is taken like any other.
 * @throws AtelierError `unsupported-media` with the name of what is not read, `damaged-media`
 */
export async function openTrack(bytes: Uint8Array): Promise<OpenedTrack> {
  refuseByMark(bytes);
  const input = new Input({ source: new BufferSource(bytes), formats: ALL_FORMATS });
  const tracks = await input.getAudioTracks().catch((cause: unknown) => refuseUnreadable(bytes, cause));
  const [track] = tracks;
  if (track === undefined) return refuseWithoutTrack(bytes, (await input.getVideoTracks()).length > 0);
  const [config, codec, sampleRate, channels] = await Promise.all([
    track.getDecoderConfig(),
    codecOf(track),
    track.getSampleRate(),
    track.getNumberOfChannels(),
  ]);
  if (!(sampleRate > 0)) throw damaged('it has a sample rate of 0');
  if (sampleRate > limits.audioSampleRate) throw damaged(`it has ${sampleRate} samples a second, and at most ${limits.audioSampleRate} are read`);
  if (channels < 1 || channels > limits.audioChannels) throw damaged(`it has ${channels} channels, and at most ${limits.audioChannels} are read`);
  const declared = tellsItsLength(bytes) ? await track.getDurationFromMetadata().catch(() => null) : null;
  const description = config?.description === undefined ? alacCookie(bytes, codec) : bytesOf(config.description);
  const flacFile = sniffMediaType(bytes) === 'audio/flac' ? bytes.subarray(endOfTags(bytes)) : undefined;
  return { flacFile, track, packets: new EncodedPacketSink(track), codec, description, sampleRate, channels, declaredSeconds: declared || undefined };
}

/** Others are estimated from the size of the file: ADTS, and MP3 without a count of frames (the head that Xing brought up). */
function tellsItsLength(bytes: Uint8Array): boolean {
  const kind = sniffMediaType(bytes);
  if (kind !== 'audio/mpeg') return kind !== 'audio/aac';
  return /Xing|Info/.test(textAt(bytes, endOfTags(bytes), 200));
}

/** Behind the ID3 tags that a file begins with. */
function endOfTags(bytes: Uint8Array): number {
  let at = 0;
  while (textAt(bytes, at, 3) === 'ID3') at += idTagEnd(bytes.subarray(at));
  return at;
}

async function codecOf(track: InputAudioTrack): Promise<string> {
  const [codec, internal] = await Promise.all([track.getCodec(), track.getInternalCodecId()]);
  const name = codec ?? (typeof internal === 'string' ? internal.trim() : undefined);
  if (codec === null && name !== 'alac') throw notRead(`a codec that is not known here${name === undefined ? '' : ` (${name})`}`);
  return name as string;
}

/** The head of Apple Lossless, which mediabunny does not tell: the second box of that name, after its own name and a version. */
function alacCookie(bytes: Uint8Array, codec: string): Uint8Array | undefined {
  if (codec !== 'alac') return undefined;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const entry = buffer.indexOf('alac', Math.max(0, buffer.indexOf('stsd')));
  const cookie = buffer.indexOf('alac', entry + 4);
  if (entry < 0 || cookie < 0 || cookie + 32 > bytes.length) throw damaged('the head of its Apple Lossless track is missing');
  return bytes.subarray(cookie + 8, cookie + 32);
}

function bytesOf(source: AllowSharedBufferSource): Uint8Array {
  return ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength) : new Uint8Array(source);
}

/** Kinds of sound that are not read, by how their files begin. */
const marks: ReadonlyArray<readonly [mark: string, offset: number, name: string]> = [
  ['FORM', 0, 'AIFF'],
  ['#!AMR', 0, 'AMR'],
  ['caff', 0, 'Core Audio (CAF)'],
  ['.snd', 0, 'Sun audio (AU)'],
  ['riff', 0, 'Wave64'],
  ['\x30\x26\xb2\x75', 0, 'Windows Media (WMA, ASF)'],
  ['AVI ', 8, 'AVI'],
  ['\x0b\x77', 0, 'AC-3'],
  ['MThd', 0, 'MIDI, which is notes and no sound'],
  ['wvpk', 0, 'WavPack'],
  ['MAC ', 0, "Monkey's Audio"],
  ['DSD ', 0, 'DSD'],
  ['MPCK', 0, 'Musepack'],
  ['MP+', 0, 'Musepack'],
  ['TTA1', 0, 'True Audio (TTA)'],
  ['\x7f\xfe\x80\x01', 0, 'DTS'],
  ['Creative Voice File', 0, 'Creative Voice (VOC)'],
  ['.RMF', 0, 'RealMedia'],
  ['FLV\x01', 0, 'Flash video (FLV)'],
  ['\0\0\x01\xba', 0, 'an MPEG program stream (MPG, VOB)'],
  ['\x7fFLAC', 28, 'FLAC in Ogg'],
  ['Speex   ', 28, 'Speex'],
];

function refuseByMark(bytes: Uint8Array): void {
  const name = marks.find(([mark, offset]) => textAt(bytes, offset, mark.length) === mark)?.[2];
  if (name !== undefined) throw notRead(name);
  const kind = sniffMediaType(bytes);
  if (kind?.startsWith('image/') || kind === 'application/pdf') throw notRead(kind);
}

/** Format tags of WAV (RFC 2361) that are met. */
const waveCodecs: Readonly<Record<number, string>> = {
  2: 'Microsoft ADPCM',
  17: 'IMA ADPCM',
  34: 'TrueSpeech',
  49: 'GSM 6.10',
  80: 'MP2',
  85: 'MP3',
  255: 'AAC',
  353: 'Windows Media Audio',
  8192: 'AC-3',
};

function refuseUnreadable(bytes: Uint8Array, cause: unknown): never {
  if (cause instanceof AtelierError) throw cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const tag = /WAVE codec \(format tag (\d+)\)/.exec(reason)?.[1];
  if (tag !== undefined) throw notRead(`a WAV with ${waveCodecs[Number(tag)] ?? `the codec ${tag}`} in it`);
  const kind = sniffMediaType(bytes);
  if (kind === undefined) throw notSound();
  throw damaged(waveRate(bytes) === 0 ? 'it has a sample rate of 0' : 'its head cannot be read', cause);
}

function waveRate(bytes: Uint8Array): number | undefined {
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 4096)).indexOf('fmt ');
  return textAt(bytes, 8, 4) === 'WAVE' && at > 0 && at + 16 <= bytes.length
    ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(at + 12, true)
    : undefined;
}

function refuseWithoutTrack(bytes: Uint8Array, hasPicture: boolean): never {
  if (hasPicture) throw notRead('a video without sound');
  const kind = sniffMediaType(bytes);
  if (kind?.endsWith('/mp4')) throw damaged('its table of contents is missing, which many cameras and recorders write last');
  throw kind === undefined ? notSound() : damaged('no sound track was found in it');
}
