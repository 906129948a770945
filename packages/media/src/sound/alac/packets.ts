import type { DecodedPart, PacketDecoder } from '../decoded-part.ts';
import { damaged } from '../refusals.ts';
import { alacConfig, decodeAlac } from './alac-decoder.ts';

/** @throws AtelierError `damaged-media` if the head of the track is none */
export function openAlac(cookie: Uint8Array | undefined): PacketDecoder {
  const config = cookie === undefined ? undefined : alacConfig(cookie);
  if (config === undefined) throw damaged('the head of its Apple Lossless track cannot be read');
  const decode = (packet: Uint8Array): DecodedPart => {
    try {
      return { channels: decodeAlac(packet, config), sampleRate: config.sampleRate, failures: 0 };
    } catch (cause) {
      if (cause instanceof RangeError) return { channels: [], sampleRate: config.sampleRate, failures: 1 };
      throw cause;
    }
  };
  return { decode: (packets) => packets.map(decode), free: () => undefined };
}
