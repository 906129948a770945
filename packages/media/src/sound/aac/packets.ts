import type { DecodedPart, PacketDecoder } from '../decoded-part.ts';
import { AacDecoder, type AacPart } from './aac-decoder.ts';
import { adtsFrame } from './audio-specific-config.ts';

const failed: DecodedPart = { channels: [], sampleRate: 1, failures: 1 };

const partsOf = (parts: readonly AacPart[] | undefined): readonly DecodedPart[] => parts?.map((part) => ({ ...part, failures: 0 })) ?? [failed];

/**
 * Packets of MP4 and Matroska, which have one head for all.
 * @param start seconds at the beginning that are not to be heard: what encoders put before the sound
 */
export async function openAac(config: Uint8Array, start: number): Promise<PacketDecoder> {
  const decoder = await AacDecoder.open(config);
  let left = start;
  const behindStart = (part: DecodedPart): DecodedPart => {
    const skipped = Math.min(part.channels[0]?.length ?? 0, Math.round(left * part.sampleRate));
    left -= skipped / part.sampleRate;
    return skipped === 0 ? part : { ...part, channels: part.channels.map((channel) => channel.subarray(skipped)) };
  };
  return {
    decode: (packets) => packets.flatMap((packet) => partsOf(decoder.decode(packet))).map(behindStart),
    end: () => partsOf(decoder.end()).map(behindStart),
    free: () => undefined,
  };
}

/** Frames of ADTS say themselves what they are, and may change it. */
export function openAdts(): PacketDecoder {
  let decoder: AacDecoder | undefined;
  let kind = '';
  let hasSound = false;
  const decode = async (packet: Uint8Array): Promise<readonly DecodedPart[]> => {
    const frame = adtsFrame(packet);
    if (frame === undefined) return [failed];
    const isSame = decoder !== undefined && frame.config.join() === kind;
    const fitting = isSame && decoder ? decoder : await AacDecoder.open(frame.config);
    const before = isSame ? [] : partsOf(decoder?.end() ?? []);
    decoder = fitting;
    kind = frame.config.join();
    return [...before, ...partsOf(fitting.decode(frame.payload, frame.blocks))];
  };
  return {
    async decode(packets) {
      const parts: DecodedPart[] = [];
      for (const packet of packets) {
        const heard = await decode(packet).catch((cause: unknown) => {
          // Behind the first sound, a head that makes no sense is that of a broken frame.
          if (!hasSound) throw cause;
          return [failed];
        });
        hasSound ||= heard.some(({ channels }) => channels.length > 0);
        parts.push(...heard);
      }
      return parts;
    },
    end: () => partsOf(decoder?.end() ?? []),
    free: () => undefined,
  };
}
