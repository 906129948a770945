/** What came out of some packets: one array a channel, all of the same length. */
export interface DecodedPart {
  readonly channels: readonly Float32Array[];
  readonly sampleRate: number;
  /** Packets that could not be decoded. */
  readonly failures: number;
}

/** Decodes the packets of a track in their order. */
export interface PacketDecoder {
  decode(packets: Uint8Array[]): Promise<readonly DecodedPart[]> | readonly DecodedPart[];
  /** What is still to come behind the last packet. */
  end?(): Promise<readonly DecodedPart[]> | readonly DecodedPart[];
  free(): void;
}
