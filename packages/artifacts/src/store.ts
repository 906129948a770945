import type { Readable } from 'node:stream';
import { AtelierError } from '@atelier/protocol';

/** Bytes that are in a store. */
export interface StoredArtifact {
  /** SHA-256, 64 lower-case hexadecimal digits. */
  readonly hash: string;
  readonly sizeBytes: number;
}

/** A part of some bytes; `end` is the last byte's position, inclusive, as in HTTP (RFC 9110, section 14). */
export interface ByteRange {
  readonly start: number;
  readonly end?: number | undefined;
}

export interface PutOptions {
  /** The SHA-256 that the bytes must have; otherwise nothing is kept. */
  readonly expectedHash?: string | undefined;
  /** More bytes than this are refused, before they are all written. */
  readonly maxBytes?: number | undefined;
  /** For stores that keep a media type beside the bytes, as S3 does; a folder does not. */
  readonly mediaType?: string | undefined;
}

/**
 * A store of immutable bytes. `conformance.ts` holds what every implementation promises:
 * what was put is there afterwards, and bytes that do not have their hash are never given out.
 */
export interface ArtifactStore {
  /**
   * Writes bytes and names them by their SHA-256. Putting what is there already is no error and repairs it where it is damaged.
   * @param bytes a Node stream, a web stream or any async iterable; it is read to its end, or destroyed on an error
   * @throws AtelierError `hash-mismatch`, `too-large`, `disk-full`; nothing of it stays then. What the stream throws is thrown on.
   */
  put(bytes: AsyncIterable<Uint8Array>, options?: PutOptions): Promise<StoredArtifact>;
  /** The bytes, or a range of them. @throws AtelierError `not-found` if they are missing or damaged, `invalid-input` for a range outside */
  get(hash: string, range?: ByteRange): Promise<Readable>;
  /** A file on this machine with these bytes, to be read and never changed. @throws AtelierError `not-found` if they are missing or damaged */
  path(hash: string): Promise<string>;
  /** True if the bytes are held. Damage shows only on reading. */
  has(hash: string): Promise<boolean>;
  /** Bytes held under this name, or null if there are none. */
  size(hash: string): Promise<number | null>;
  /** Reads everything again. False if the bytes are missing or damaged; damaged ones are moved aside. */
  verify(hash: string): Promise<boolean>;
  /** Forgets the bytes; no error where they are missing. */
  delete(hash: string): Promise<void>;
  /** Everything held, in no order. */
  list(): AsyncIterable<StoredArtifact & { readonly usedAt: Date }>;
}

/** True if the bytes are held and have their hash; unlike `has`, which only looks whether something lies there. */
export async function holdsSound(store: ArtifactStore, hash: string): Promise<boolean> {
  if (!(await store.has(hash))) return false;
  return store.path(hash).then(
    () => true,
    (error: unknown) => {
      if (error instanceof AtelierError && error.code === 'not-found') return false;
      throw error;
    },
  );
}
