import { createOpusDecoder } from '@audio/decode-opus/core';
import { decoder as vorbisDecoder } from '@audio/decode-vorbis';
import { FLACDecoder } from '@wasm-audio-decoders/flac';
import {
  type AudioCodec,
  type AudioSample,
  AudioSampleSink,
  BufferTarget,
  EncodedAudioPacketSource,
  type EncodedPacket,
  OggOutputFormat,
  Output,
} from 'mediabunny';
import { MPEGDecoder } from 'mpg123-decoder';
import { openAac, openAdts } from './aac/packets.ts';
import { openAlac } from './alac/packets.ts';
import type { DecodedPart, PacketDecoder } from './decoded-part.ts';
import type { OpenedTrack } from './open-track.ts';
import { notRead } from './refusals.ts';

/** All the sound of a track, part by part. */
export type DecodedParts = AsyncIterable<DecodedPart>;

/** Told of each packet before it is decoded. */
export type PacketWatcher = () => void;

/** @throws AtelierError `unsupported-media` for a codec that is not read */
export function decodeTrack(opened: OpenedTrack, watch: PacketWatcher): DecodedParts {
  const { codec } = opened;
  if (codec.startsWith('pcm-') || codec === 'alaw' || codec === 'ulaw') return decodePcm(opened);
  if (codec === 'vorbis') return decodeVorbis(opened, watch);
  if (opened.flacFile !== undefined) return decodeFlacFile(opened.flacFile);
  const open = openers[codec];
  if (open === undefined) throw notRead(`a codec that is not read (${codec})`);
  return decodePackets(opened, open, watch);
}

type Opener = (opened: OpenedTrack) => Promise<PacketDecoder>;

const openers: Readonly<Record<string, Opener>> = {
  mp3: async () => {
    const decoder = new MPEGDecoder({ enableGapless: false });
    await decoder.ready;
    return { decode: (packets) => [partOf(decoder.decodeFrames(packets))], free: () => decoder.free() };
  },
  flac: async () => {
    const decoder = new FLACDecoder();
    await decoder.ready;
    return { decode: async (packets) => [partOf(await decoder.decodeFrames(packets))], free: () => decoder.free() };
  },
  opus: async ({ description, channels }) => {
    const decoder = await createOpusDecoder();
    decoder.configure(opusOptions(description, channels));
    return { decode: (packets) => [partOf(decoder.decodeFrames(packets))], free: () => decoder.free() };
  },
  aac: async ({ description, track }) => (description === undefined ? openAdts() : openAac(description, Math.max(0, -(await track.getFirstTimestamp())))),
  alac: async ({ description }) => openAlac(description),
};

interface Decoded {
  readonly channelData: Float32Array[];
  readonly sampleRate: number;
  readonly errors?: number | readonly unknown[];
}

function partOf({ channelData, sampleRate, errors = 0 }: Decoded): DecodedPart {
  return { channels: channelData, sampleRate, failures: typeof errors === 'number' ? errors : errors.length };
}

/** OpusHead (RFC 7845, section 5.1). */
function opusOptions(head: Uint8Array | undefined, channels: number) {
  if (head === undefined || head.length < 19) return { channels };
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const common = { channels: view.getUint8(9), preSkip: view.getUint16(10, true), outputGain: view.getInt16(16, true) };
  if (view.getUint8(18) === 0) return common;
  return { ...common, streamCount: view.getUint8(19), coupledStreamCount: view.getUint8(20), channelMappingTable: head.subarray(21, 21 + common.channels) };
}

const packetsAtOnce = 32;

async function* decodePackets(opened: OpenedTrack, open: Opener, watch: PacketWatcher): DecodedParts {
  const decoder = await open(opened);
  try {
    let waiting: Uint8Array[] = [];
    for await (const { data } of opened.packets.packets()) {
      watch();
      waiting.push(data);
      if (waiting.length < packetsAtOnce) continue;
      yield* await decoder.decode(waiting);
      waiting = [];
    }
    if (waiting.length > 0) yield* await decoder.decode(waiting);
    yield* (await decoder.end?.()) ?? [];
  } finally {
    decoder.free();
  }
}

/** A page of compressed silence may hold millions of samples. */
const flacBytesAtOnce = 1024;

/** FLAC files go to their decoder as they are: mediabunny finds no frame whose head tells a rate in kilohertz, as ffmpeg writes 192 kHz. */
async function* decodeFlacFile(bytes: Uint8Array): DecodedParts {
  const decoder = new FLACDecoder();
  await decoder.ready;
  try {
    for (let from = 0; from < bytes.length; from += flacBytesAtOnce) yield partOf(await decoder.decode(bytes.subarray(from, from + flacBytesAtOnce)));
    yield partOf(await decoder.flush());
  } finally {
    decoder.free();
  }
}

async function* decodePcm({ track }: OpenedTrack): DecodedParts {
  for await (const sample of new AudioSampleSink(track).samples()) {
    yield { failures: 0, sampleRate: sample.sampleRate, channels: Array.from({ length: sample.numberOfChannels }, (_, channel) => plane(sample, channel)) };
    sample.close();
  }
}

function plane(sample: AudioSample, planeIndex: number): Float32Array {
  const values = new Float32Array(sample.numberOfFrames);
  sample.copyTo(values, { planeIndex, format: 'f32-planar' });
  return values;
}

/** The decoder takes Ogg alone, so the packets are put into pages again. */
async function* decodeVorbis(opened: OpenedTrack, watch: PacketWatcher): DecodedParts {
  const target = new BufferTarget();
  const output = new Output({ format: new OggOutputFormat(), target });
  const source = new EncodedAudioPacketSource('vorbis' satisfies AudioCodec);
  output.addAudioTrack(source);
  await output.start();
  const config = await opened.track.getDecoderConfig();
  for await (const packet of opened.packets.packets()) {
    watch();
    await source.add(shifted(packet), config === null ? {} : { decoderConfig: config });
  }
  await output.finalize();
  const pages = new Uint8Array(target.buffer ?? new ArrayBuffer());
  const decoder = await vorbisDecoder();
  try {
    for (let from = 0; from < pages.length; from += pageBytes) yield partOf(decoder.decode(pages.subarray(from, from + pageBytes)));
    yield partOf(decoder.flush());
  } finally {
    decoder.free();
  }
}

const pageBytes = 16 * 1024;

/** Packets before the beginning, which Ogg cannot hold, are put at it. */
const shifted = (packet: EncodedPacket) => (packet.timestamp < 0 ? packet.clone({ timestamp: 0 }) : packet);
